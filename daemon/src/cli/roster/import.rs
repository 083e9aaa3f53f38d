//! `andonctl roster import`: the shifts of a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::ical::Asked;
use super::{Planned, Read, Shifts, Written, csv, ical};
use crate::cli::Io;
use crate::cli::agent::Agent;
use crate::cli::control::ControlError;
use crate::cli::error::CliError;
use crate::cli::table_file::wrong_file;
use crate::desk::people::SHIFTS_AT_ONCE_MAX;

/// How many days are read where nobody says.
const DAYS_DEFAULT: u32 = 92;

/// Put the shifts of a file on the roster, instead of what is there from its first day to its last.
///
/// FILE is CSV with the columns agent, date, from and to (`ivanova,2026-11-23,09:00,18:00`; a comma or a semicolon between them),
/// or iCalendar (.ics), whose events bear the agent's name or title as their summary; recurring ones are understood. Only what
/// begins from today on, within 92 days, is taken, unless --from or --days says otherwise: then all these days are replaced.
/// Importing the same file again changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: .csv or .ics
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The first day, as 2026-11-23 [default: today, and then the first that the file has]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// How many days: 1 to 400 [default: to the last that the file has, at most 92]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=400))]
    days: Option<u32>,
    /// All shifts of the file are this agent's, and only theirs are replaced
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Leave the shifts that are on the roster already
    #[arg(long)]
    add: bool,
    /// Only say what would come and go; nothing is changed
    #[arg(long)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct Changed {
    added: usize,
    removed: usize,
    unchanged: usize,
    shifts_total: u64,
}

#[derive(Deserialize)]
struct Status {
    at: String,
    roster: RosterStatus,
}

#[derive(Deserialize)]
struct RosterStatus {
    zone: String,
}

impl Import {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let bytes =
            fs::read(&self.file).map_err(|source| CliError::Read { path: self.file.clone(), source })?;
        let name = self.file.display().to_string();
        let asked = self.asked(io)?;
        let agents = agents(io)?;
        let agent = self.agent.as_deref().map(|agent| agents.named(agent).map_err(CliError::Refused));
        let agent = agent.transpose()?;
        let read = Self::read(&bytes, agent.as_deref(), asked);
        let read = read.and_then(|read| if agent.is_some() { Ok(read) } else { agents.name_all(read) });
        let Shifts { mut shifts, passed_over } = read.map_err(|wrong| wrong_file(&name, &wrong))?;
        for note in &passed_over {
            writeln!(io.err, "{name}: {note}")?;
        }
        let all = shifts.len();
        shifts.retain(|written| (asked.from..asked.until).contains(&written.shift.date));
        let (from, until) = (asked.from, asked.until);
        if all > shifts.len() {
            writeln!(
                io.err,
                "{name}: {} shifts begin before {from} or from {until} on, and are left out",
                all - shifts.len()
            )?;
        }
        let dates = || shifts.iter().map(|written| written.shift.date);
        let Some((first, last)) = dates().min().zip(dates().max()) else {
            return Err(CliError::Refused(format!(
                "no shift of {name} begins from {from} on and before {until}"
            )));
        };
        if shifts.len() > SHIFTS_AT_ONCE_MAX {
            return Err(CliError::Refused(format!(
                "{name} has {} shifts from {first} to {last}, and at most {SHIFTS_AT_ONCE_MAX} go in at once; import fewer days at a time with --from and --days",
                shifts.len()
            )));
        }
        // Whoever names the days means all of them; else what the file says nothing of stays.
        let is_named = self.from.is_some() || self.days.is_some();
        let (first, end) = if is_named { (from, until) } else { (first, last + Days::new(1)) };
        let agents: Vec<&String> = agent.iter().collect();
        let stretch = json!({"from": first, "days": (end - first).num_days(), "agents": agents});
        let planned: Vec<_> = shifts.iter().map(|written| &written.shift).collect();
        let body =
            json!({"shifts": planned, "instead_of": (!self.add).then_some(stretch), "dry_run": self.dry_run});
        let path = "/v1/roster";
        let answer = io.control.post(path, &body).map_err(|error| in_file(&name, &shifts, error))?;
        if io.json {
            return io.json(&answer.json);
        }
        let Changed { added, removed, unchanged, shifts_total } = answer.read(path)?;
        let would = if self.dry_run { "would be " } else { "" };
        let last = end.pred_opt().unwrap_or(end);
        writeln!(
            io.err,
            "{first} to {last}: {added} shifts {would}added, {removed} {would}removed, {unchanged} as they were; {shifts_total} are on the roster"
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// The days that are read, in the site's zone.
    fn asked(&self, io: &Io<'_>) -> Result<Asked, CliError> {
        let path = "/v1/status";
        let Status { at, roster } = io.control.get(path)?.read(path)?;
        let zone: Tz = roster.zone.parse().map_err(|_| {
            CliError::Refused(format!("the daemon's zone `{}` is unknown to this andonctl", roster.zone))
        })?;
        let today = at.get(..10).and_then(|day| day.parse().ok());
        let from = self.from.or(today).ok_or_else(|| CliError::Usage("--from is required".to_owned()))?;
        let until = from.checked_add_days(Days::new(u64::from(self.days.unwrap_or(DAYS_DEFAULT))));
        let until = until.ok_or_else(|| CliError::Usage(format!("--from {from} is too far away")))?;
        Ok(Asked { zone, from, until })
    }

    fn read(bytes: &[u8], agent: Option<&str>, asked: Asked) -> Read {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
        if text.get(..15).is_some_and(|head| head.eq_ignore_ascii_case(b"BEGIN:VCALENDAR")) {
            return ical::read(bytes, agent, asked);
        }
        let text = std::str::from_utf8(bytes);
        csv::read(text.map_err(|_| vec!["is not UTF-8; save it as UTF-8".to_owned()])?, agent)
    }
}

/// A refusal by the places of the file, where it is about its shifts.
fn in_file(name: &str, shifts: &[Written], error: ControlError) -> CliError {
    let ControlError::Refused(refused) = &error else { return error.into() };
    let placed: Option<Vec<String>> =
        refused.errors().map(|(field, message)| placed(shifts, field, message)).collect();
    match placed {
        Some(wrong) if !wrong.is_empty() => wrong_file(name, &wrong),
        Some(_) | None => error.into(),
    }
}

/// `shifts[1].to` as it stands in the file.
fn placed(shifts: &[Written], field: &str, message: &str) -> Option<String> {
    let (at, field) = field.strip_prefix("shifts[")?.split_once("].")?;
    let Written { place, .. } = shifts.get(at.parse::<usize>().ok()?)?;
    Some(format!("{place}: {field}: {message}"))
}

/// The agents that the desk knows, by name and title.
struct Agents {
    names: BTreeMap<String, String>,
    titles: BTreeMap<String, Vec<String>>,
}

fn agents(io: &Io<'_>) -> Result<Agents, CliError> {
    let path = "/v1/agents";
    let known = io.control.get(path)?.read::<Vec<Agent>>(path)?;
    Ok(Agents::of(known.into_iter().map(|agent| (agent.name, agent.title))))
}

impl Agents {
    fn of(known: impl Iterator<Item = (String, Option<String>)>) -> Self {
        let mut agents = Self { names: BTreeMap::new(), titles: BTreeMap::new() };
        for (name, title) in known {
            if let Some(title) = title {
                agents.titles.entry(title.to_lowercase()).or_default().push(name.clone());
            }
            agents.names.insert(name.to_lowercase(), name);
        }
        agents
    }

    /// The agent of a name, or else of a title that only one has.
    fn named(&self, written: &str) -> Result<String, String> {
        let key = written.to_lowercase();
        if let Some(name) = self.names.get(&key) {
            return Ok(name.clone());
        }
        match self.titles.get(&key).map(Vec::as_slice) {
            Some([name]) => Ok(name.clone()),
            Some(several) => {
                let several = several.join(" and of ");
                Err(format!("`{written}` is the title of {several}; write the name"))
            }
            None => Err(format!(
                "there is no agent `{written}`, by name or title; add them with `andonctl agent put`"
            )),
        }
    }

    /// The shifts under the names of agents: a file may have their titles. A whole day of something else is no shift.
    fn name_all(&self, Shifts { shifts, mut passed_over }: Shifts) -> Read {
        let (mut named, mut wrong) = (Vec::with_capacity(shifts.len()), Vec::new());
        for Written { place, is_day, shift } in shifts {
            match self.named(&shift.agent) {
                Ok(agent) => named.push(Written { place, is_day, shift: Planned { agent, ..shift } }),
                Err(_) if is_day => {
                    passed_over
                        .push(format!("{place}: is a whole day and names no agent, so it is no shift"));
                }
                Err(message) => wrong.push(format!("{place}: {message}")),
            }
        }
        if wrong.is_empty() { Ok(Shifts { shifts: named, passed_over }) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents() -> Agents {
        let known = [
            ("anna", Some("Анна Иванова")),
            ("boris", Some("Борис")),
            ("boris2", Some("Борис")),
            ("vera", None),
        ];
        Agents::of(known.into_iter().map(|(name, title)| (name.to_owned(), title.map(str::to_owned))))
    }

    fn written(place: &str, agent: &str, is_day: bool) -> Written {
        let date = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let shift =
            Planned { agent: agent.to_owned(), date, from: "09:00".to_owned(), to: "18:00".to_owned() };
        Written { place: place.to_owned(), is_day, shift }
    }

    #[test]
    fn an_agent_is_found_by_name_or_by_a_title_that_only_one_has() {
        assert_eq!(agents().named("АННА иванова").as_deref(), Ok("anna"));
        assert_eq!(agents().named("Vera").as_deref(), Ok("vera"));
        assert_eq!(
            agents().named("Борис").unwrap_err(),
            "`Борис` is the title of boris and of boris2; write the name"
        );
        assert!(agents().named("x").unwrap_err().starts_with("there is no agent `x`"));
    }

    #[test]
    fn a_whole_day_is_a_shift_only_where_it_names_an_agent() {
        let shifts = vec![written("line 4", "anna", true), written("line 9", "Отпуск", true)];
        let read = agents().name_all(Shifts { shifts, passed_over: Vec::new() }).unwrap();
        assert_eq!(read.shifts, [written("line 4", "anna", true)]);
        assert_eq!(read.passed_over, ["line 9: is a whole day and names no agent, so it is no shift"]);
        let shifts = vec![written("line 9", "Отпуск", false)];
        let wrong = agents().name_all(Shifts { shifts, passed_over: Vec::new() }).unwrap_err();
        assert!(wrong[0].starts_with("line 9: there is no agent `Отпуск`"), "{wrong:?}");
    }

    #[test]
    fn what_the_daemon_refuses_is_told_by_the_place_in_the_file() {
        let shifts = [written("line 2", "anna", false), written("line 3", "anna", false)];
        assert_eq!(placed(&shifts, "shifts[1].to", "is wrong").as_deref(), Some("line 3: to: is wrong"));
        for field in ["shifts[2].to", "instead_of.from", "shifts"] {
            assert_eq!(placed(&shifts, field, "x"), None, "{field}");
        }
    }
}
