//! What the room does besides: departments that are asked, with how and in what time they answer; the order of the queue.

use super::{CLAUSE, Explainer, ID, TITLE, clause};

impl Explainer<'_> {
    pub(super) fn topics(&mut self) {
        let regulation = self.words.regulation;
        let Some(rule) = regulation.escalation() else { return };
        let rows = regulation.topics.iter().map(|topic| {
            let department = regulation.departments.iter().find(|named| named.id == topic.department);
            vec![
                topic.name.title.clone(),
                topic.name.id.to_string(),
                department.map(|named| named.title.clone()).unwrap_or_default(),
                self.words.term(topic.target.term),
                self.words.site(topic.target.site).to_owned(),
                clause(topic.name.clause.as_ref()),
                topic.channels.join(", "),
                clause(topic.channels_clause.as_ref()),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let terms = [vec![
            rule.title.clone(),
            rule.metric.to_string(),
            self.counts(rule),
            self.at_end(rule),
            clause(rule.clause.as_ref()),
        ]];
        let columns = [TITLE, ID, ("что считает", "counts"), ("по истечении", "at its end"), CLAUSE];
        self.table(("Вопросы другим отделам", "Questions to other departments"), &columns, terms.to_vec());
        self.page.line("");
        let columns = [
            ("тема", "topic"),
            ID,
            ("отдел", "department"),
            ("сколько", "how much"),
            ("чья цифра", "whose figure"),
            CLAUSE,
            ("каналы", "channels"),
            CLAUSE,
        ];
        self.table(("", ""), &columns, rows);
    }

    pub(super) fn clients(&mut self) {
        let Some(rule) = &self.words.regulation.clients else { return };
        let anybody = self.w("кто угодно", "anybody");
        let contact = self
            .w("только назначенный клиентом; прочим отказ", "the client's contact only; others are refused");
        let who = match &rule.refuse_others {
            Some(reason) => format!("{contact}: {reason}"),
            None => anybody.to_owned(),
        };
        let channels = match rule.paid_channels.as_slice() {
            [] => self.w("нет", "none").to_owned(),
            channels => channels.join(", "),
        };
        let row =
            vec![who, clause(rule.clause.as_ref()), channels, clause(rule.paid_channels_clause.as_ref())];
        let columns = [
            ("кто обращается", "who may ask"),
            CLAUSE,
            ("каналы только по договору", "channels by contract only"),
            CLAUSE,
        ];
        self.table(("Клиенты", "Clients"), &columns, vec![row]);
    }

    pub(super) fn employees(&mut self) {
        let Some(rule) = &self.words.regulation.employees else { return };
        let only = self.w(
            "только сотрудники из справочника; прочим отказ",
            "employees in the directory only; others are refused",
        );
        let row =
            vec![format!("{only}: {}", rule.refuse_others), rule.text.clone(), clause(rule.clause.as_ref())];
        let columns =
            [("кто обращается", "who may ask"), ("что сказать прочим", "what others are told"), CLAUSE];
        self.table(("Сотрудники", "Employees"), &columns, vec![row]);
    }

    pub(super) fn trackers(&mut self) {
        let trackers = &self.words.regulation.trackers;
        if trackers.is_empty() {
            return;
        }
        let rows = trackers.iter();
        let rows = rows.map(|one| vec![one.title.clone(), one.id.to_string(), clause(one.clause.as_ref())]);
        let rows: Vec<_> = rows.collect();
        let title = ("Трекеры продуктовых команд", "Trackers of product teams");
        self.table(title, &[TITLE, ID, CLAUSE], rows);
    }

    pub(super) fn queue(&mut self) {
        let queue = &self.words.regulation.queue;
        if queue.first.is_empty() && !queue.one_by_one {
            return;
        }
        let first: Vec<_> = queue.first.iter().map(|id| self.words.priority(id)).collect();
        let by_arrival = self.w("по порядку поступления", "in order of arrival");
        let order = if first.is_empty() {
            by_arrival.to_owned()
        } else {
            format!("{}, {} {by_arrival}", first.join(", "), self.w("затем", "then"))
        };
        let clients = if queue.one_by_one {
            self.w(
                "по одному за раз; иной порядок — по договорённости",
                "one at a time; another order by agreement",
            )
        } else {
            self.w("без ограничений", "no limit")
        };
        let row = vec![order, clients.to_owned(), clause(queue.clause.as_ref())];
        let columns =
            [("что раньше", "what goes first"), ("заявки одного клиента", "tickets of one client"), CLAUSE];
        self.table(("Очередь", "Queue"), &columns, vec![row]);
    }
}
