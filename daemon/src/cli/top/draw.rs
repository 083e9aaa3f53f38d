//! The view on a screen.

use std::fmt::Write as _;

use calendars::Timestamp;
use firmware_board::{Language, Level, Link, lines};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Paragraph, Row, Table};

use super::asked::{Alarm, Board, Next, Queued};
use super::view::{List, View, shares};
use crate::cli::text::{age, length, one_line};

/// With fewer lines than this only the list that keys go to is shown.
const ALL_FROM: u16 = 10;
/// What runs out within this is told in amber, in milliseconds.
const SOON_MS: i64 = 900_000;
const KEYS: &str = "↑↓ choose  Tab next list  a take  s silence  m mute  u unmute  q quit";

/// Draws it, whatever the size.
pub(super) fn draw(view: &View, now_ms: u64, frame: &mut Frame<'_>, is_coloured: bool) {
    let ink = Ink(is_coloured);
    let head = heads(view);
    let rows = [
        Constraint::Length(u16::try_from(head.len()).unwrap_or(1)),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ];
    let [wall, figures, lists, said, keys] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(Paragraph::new(head.join("\n")).style(ink.level(view)), wall);
    frame.render_widget(Paragraph::new(told(view, now_ms)), figures);
    draw_lists(view, now_ms, frame, lists, ink);
    let words = view.said(now_ms).or(view.away.as_deref()).unwrap_or_default();
    frame.render_widget(Paragraph::new(one_line(words)).style(Ink::bold()), said);
    frame.render_widget(Paragraph::new(KEYS), keys);
}

/// What the wall says first: whether it is live, and its level; in the room's language.
fn heads(view: &View) -> Vec<String> {
    let count = match view.scene.link {
        Link::Stale { .. } => 2,
        Link::Live | Link::Starting { .. } | Link::Blocked { .. } | Link::Stopped => 1,
    };
    let clock = view.scene.at_text;
    let mut head: Vec<String> = lines(&view.scene).into_iter().take(count).collect();
    if let Some(first) = head.first_mut() {
        *first = format!(" {:02}:{:02}:{:02}  {first}", clock.hh, clock.mm, clock.ss);
    }
    head
}

/// The figures in a line.
fn told(view: &View, now_ms: u64) -> String {
    let Some(board) = view.board() else { return "asking the daemon …".to_owned() };
    let Board { counts, staffing, signals, muted_until, .. } = board;
    let mut told = format!(
        " open {}  waiting {}  critical {}  overdue {}  soon {}",
        counts.open, counts.waiting, counts.critical, counts.breached, counts.due_soon
    );
    if let Some(staffing) = staffing {
        let _ = write!(told, "  shift {}/{}", staffing.on_shift, staffing.required);
    }
    let until = muted_until.as_deref().and_then(|until| Timestamp::parse_rfc3339(until).ok());
    // A buzzer that is muted does not sound, whatever it would do.
    let _ = match until.zip(view.now(now_ms)) {
        Some((until, now)) => write!(told, "  muted {}", length(until.ms_since(now).max(0))),
        None => write!(told, "  buzzer {}", one_line(&signals.buzzer)),
    };
    told
}

fn draw_lists(view: &View, now_ms: u64, frame: &mut Frame<'_>, area: Rect, ink: Ink) {
    if area.height < ALL_FROM {
        return draw_list(view, view.list, now_ms, frame, area, ink);
    }
    // Each has a title.
    let lens = List::ALL.map(|list| view.len(list));
    let shares = shares(usize::from(area.height) - List::ALL.len(), lens);
    let heights = shares.map(|share| Constraint::Length(u16::try_from(share + 1).unwrap_or(u16::MAX)));
    let areas: [Rect; 3] = Layout::vertical(heights).areas(area);
    for (list, area) in List::ALL.into_iter().zip(areas) {
        draw_list(view, list, now_ms, frame, area, ink);
    }
}

fn draw_list(view: &View, list: List, now_ms: u64, frame: &mut Frame<'_>, area: Rect, ink: Ink) {
    let [title, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let (len, fitting) = (view.len(list), usize::from(body.height));
    let top = view.top(list, fitting);
    let total = match list {
        List::Alarms => view.board().map_or(0, |board| board.alarms_total),
        List::Deadlines | List::Queue => len as u64,
    };
    let mark = if view.list == list { '>' } else { ' ' };
    let first = if top > 0 { format!("  from {}", top + 1) } else { String::new() };
    let words = format!("{mark}{} {total}{first}", name(list, view.scene.language));
    frame.render_widget(Paragraph::new(words).style(ink.title()), title);
    let now = view.now(now_ms);
    let shown = top..len.min(top + fitting);
    let Some((board, now)) = view.board().zip(now) else { return };
    let (rows, widths): (Vec<Row<'_>>, &[u16]) = match list {
        List::Alarms => {
            let chosen = view.place();
            let at = shown.clone().zip(&board.alarms[shown]);
            (at.map(|(at, alarm)| alarm_row(alarm, now, chosen == Some(at), ink)).collect(), &[3, 14, 7, 7])
        }
        List::Deadlines => {
            (board.next[shown].iter().map(|next| next_row(next, now, ink)).collect(), &[9, 7, 20, 10])
        }
        List::Queue => {
            (view.queue[shown].iter().map(|queued| queue_row(queued, now)).collect(), &[4, 7, 7, 10, 3])
        }
    };
    let widths = widths.iter().copied().map(Constraint::Length).chain([Constraint::Fill(1)]);
    frame.render_widget(Table::new(rows, widths), body);
}

/// A list's name, in the room's language as everything on the wall.
fn name(list: List, language: Language) -> &'static str {
    match (list, language) {
        (List::Alarms, Language::Russian) => "ТРЕВОГИ",
        (List::Alarms, Language::English) => "ALARMS",
        (List::Deadlines, Language::Russian) => "БЛИЖАЙШИЕ СРОКИ",
        (List::Deadlines, Language::English) => "NEXT TERMS",
        (List::Queue, Language::Russian) => "ОЧЕРЕДЬ",
        (List::Queue, Language::English) => "QUEUE",
    }
}

fn alarm_row(alarm: &Alarm, now: Timestamp, is_chosen: bool, ink: Ink) -> Row<'static> {
    let mark = match alarm.state.as_str() {
        "unacked" => '!',
        "acked" => '✓',
        "shelved" => '=',
        _ => '~',
    };
    let by = alarm.acked_by.as_deref().map_or_else(String::new, |by| format!("  ✓ {by}"));
    let row = Row::new([
        format!("{}{mark}", if is_chosen { '>' } else { ' ' }),
        one_line(&alarm.kind),
        alarm.ticket.map_or_else(String::new, |number| number.to_string()),
        age(&alarm.since, now),
        one_line(&format!("{}{by}", alarm.text)),
    ]);
    let style = if alarm.state == "unacked" { ink.urgent(&alarm.kind) } else { Style::new() };
    row.style(if is_chosen { style.add_modifier(Modifier::REVERSED) } else { style })
}

fn next_row(next: &Next, now: Timestamp, ink: Ink) -> Row<'static> {
    let left = Timestamp::parse_rfc3339(&next.deadline).map(|deadline| deadline.ms_since(now));
    let row = Row::new([
        format!("  {}", left.as_ref().map_or_else(|_| "-".to_owned(), |left| left_of(*left))),
        next.number.to_string(),
        one_line(&next.metric),
        one_line(&next.priority),
        one_line(&next.subject),
    ]);
    row.style(match left {
        Ok(left) if left <= 0 => ink.bad(),
        Ok(left) if left <= SOON_MS => ink.soon(),
        Ok(_) | Err(_) => Style::new(),
    })
}

fn queue_row(queued: &Queued, now: Timestamp) -> Row<'static> {
    let held = queued.held_by.map_or_else(String::new, |by| format!("  (waits for {by})"));
    Row::new([
        format!("  {}", queued.position),
        queued.number.to_string(),
        age(&queued.registered_at, now),
        one_line(&queued.priority),
        queued.line.to_string(),
        one_line(&format!("{}{held}", queued.subject)),
    ])
}

/// How long until a deadline, in milliseconds: by the second in its last hour, so that it is seen to run.
fn left_of(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let seconds = ms.unsigned_abs() / 1_000;
    match (seconds / 86_400, seconds / 3_600) {
        (0, 0) => format!("{sign}{:02}:{:02}", seconds / 60, seconds % 60),
        (0, hours) => format!("{sign}{hours}h{:02}m", seconds / 60 % 60),
        (days, hours) => format!("{sign}{days}d{:02}h", hours % 24),
    }
}

/// With what it is written: colours, or without them what a terminal has besides.
#[derive(Clone, Copy)]
struct Ink(bool);

impl Ink {
    fn level(self, view: &View) -> Style {
        let colour = match (view.scene.link, view.scene.level) {
            (Link::Live, Level::Normal) => Color::Green,
            (Link::Live, Level::DueSoon) => Color::Yellow,
            (Link::Live, Level::Breach | Level::Critical) => Color::Red,
            (Link::Starting { .. } | Link::Blocked { .. } | Link::Stale { .. } | Link::Stopped, _) => {
                Color::Gray
            }
        };
        let style = Self::bold();
        if self.0 { style.fg(Color::Black).bg(colour) } else { style.add_modifier(Modifier::REVERSED) }
    }

    fn bold() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn title(self) -> Style {
        self.tinted(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    fn urgent(self, kind: &str) -> Style {
        if matches!(kind, "due-soon" | "staffing") { self.soon() } else { self.bad() }
    }

    fn bad(self) -> Style {
        self.tinted(Color::Red)
    }

    fn soon(self) -> Style {
        self.tinted(Color::Yellow)
    }

    fn tinted(self, colour: Color) -> Style {
        if self.0 { Style::new().fg(colour) } else { Style::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_counts_down_by_the_second_in_its_last_hour() {
        for (ms, told) in [
            (299_000, "04:59"),
            (0, "00:00"),
            (-61_000, "-01:01"),
            (3_600_000, "1h00m"),
            (86_399_999, "23h59m"),
            (90_000_000, "1d01h"),
        ] {
            assert_eq!(left_of(ms), told);
        }
    }
}
