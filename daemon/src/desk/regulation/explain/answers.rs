//! What an ending bears: marks, reasons, sources; and the forms that words must keep to.

use smol_str::SmolStr;

use crate::desk::attachment::AttachmentKind;
use crate::desk::regulation::{Divisor, Within};

use super::{CLAUSE, Explainer, ID, TITLE, clause};

impl Explainer<'_> {
    pub(super) fn marks_and_reasons(&mut self) {
        let regulation = self.words.regulation;
        let rows = regulation.marks.iter().map(|mark| {
            let default = if mark.default {
                self.w("если не поставлена", "where none is given")
            } else {
                ""
            };
            vec![
                mark.title.clone(),
                mark.id.to_string(),
                mark.value.map(|value| value.to_string()).unwrap_or_default(),
                if mark.positive { self.w("да", "yes") } else { "" }.to_owned(),
                default.to_owned(),
                clause(mark.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns =
            [TITLE, ID, ("балл", "value"), ("положительная", "positive"), ("считается", "counts"), CLAUSE];
        self.table(("Оценки", "Marks"), &columns, rows);
        self.quality();
        let rows = regulation.reasons.iter().map(|reason| {
            vec![
                self.words.verb(&reason.verb).to_owned(),
                reason.title.clone(),
                reason.id.clone(),
                clause(reason.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        self.table(("Причины", "Reasons"), &[("команда", "verb"), TITLE, ID, CLAUSE], rows);
        let rows = regulation.sources.iter().map(|source| {
            let name = &source.name;
            vec![
                name.title.clone(),
                name.id.to_string(),
                source.outcome.clone(),
                clause(name.clause.as_ref()),
            ]
        });
        let rows = rows.collect();
        let columns = [TITLE, ID, ("что делаем", "what is done"), CLAUSE];
        self.table(("Источники проблем", "Sources of problems"), &columns, rows);
    }

    fn quality(&mut self) {
        let Some(rule) = &self.words.regulation.quality else { return };
        let divisor = match rule.divisor {
            Divisor::Closed => self.w("на все закрытые за месяц", "by all tickets closed in the month"),
            Divisor::Rated => self.w("на число оценок", "by the number of marks"),
        };
        let row = vec![divisor.to_owned(), clause(rule.clause.as_ref())];
        let columns = [("сумма оценок делится", "the sum of marks is divided"), CLAUSE];
        self.table(("Качество за месяц", "Quality of a month"), &columns, vec![row]);
        let rows = rule.bands.iter().map(|band| {
            let from = band.from_tenths.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
            let from = from.unwrap_or_else(|| self.w("остальное", "the rest").to_owned());
            vec![band.name.title.clone(), band.name.id.to_string(), from, clause(band.name.clause.as_ref())]
        });
        let rows = rows.collect();
        self.table(("Границы качества", "Bands of quality"), &[TITLE, ID, ("от", "from"), CLAUSE], rows);
    }

    pub(super) fn forms(&mut self) {
        let regulation = self.words.regulation;
        if let Some(form) = &regulation.bug_report {
            let (least, most) = form.title_words;
            let words = format!("{least}–{most} {}", self.w("слов", "words"));
            let row =
                vec![form.line.to_string(), form.required.join(", "), words, clause(form.clause.as_ref())];
            let columns =
                [("для линии", "for line"), ("обязательно", "required"), ("заголовок", "title"), CLAUSE];
            self.table(("Сообщение об ошибке разработчикам", "Bug report"), &columns, vec![row]);
        }
        if let Some(rule) = &regulation.attachments {
            let row = vec![AttachmentKind::list(&rule.kinds), clause(rule.clause.as_ref())];
            self.table(("Вложения", "Attachments"), &[("берём только", "taken only"), CLAUSE], vec![row]);
        }
        if let Some(rule) = &regulation.mass_problem {
            let within = match rule.within {
                Within::Day => self.w("за местный день", "in one local day"),
            };
            let same: Vec<_> = rule.same.iter().map(SmolStr::as_str).collect();
            let row = vec![
                rule.alike.to_string(),
                within.to_owned(),
                same.join(", "),
                rule.types.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", "),
                clause(rule.clause.as_ref()),
            ];
            let columns = [
                ("похожих заявок", "alike tickets"),
                ("когда", "when"),
                ("одинаково, кроме темы", "the same besides the subject"),
                ("только типы", "only types"),
                CLAUSE,
            ];
            self.table(("Массовая проблема", "Mass problem"), &columns, vec![row]);
            if !rule.common_groups.is_empty() {
                let groups = rule.common_groups.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", ");
                let row = vec![groups, clause(rule.clause.as_ref())];
                let columns = [("только для массовых проблем", "for mass problems only"), CLAUSE];
                self.table(("Общие группы", "Common groups"), &columns, vec![row]);
            }
        }
        let rows = regulation.forbidden_phrases.iter();
        let rows = rows.map(|phrase| vec![format!("«{}»", phrase.text), clause(phrase.clause.as_ref())]);
        let rows = rows.collect();
        self.table(
            ("Чего не должно быть в ответе", "What an answer must not say"),
            &[("слова", "words"), CLAUSE],
            rows,
        );
    }
}
