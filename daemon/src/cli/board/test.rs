//! `andonctl board test`: a walk through the wall's parts, with what should be seen and heard.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::board::parts_test::{Ending, Step};
use crate::cli::Io;
use crate::cli::error::CliError;

/// Test lamps, buzzer, button and panels, one after the other.
///
/// Says what should be seen and heard; on a terminal it asks whether it was. The desk comes back by itself after each step. While
/// an alarm calls there is no test: acknowledge it first. Ends with 1 when a step was not shown or not seen.
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {}

/// How long a step may take with the way there and back, in seconds.
const STEP_MAX_S: u64 = 20;
const PATH: &str = "/v1/board/test";

#[derive(Deserialize)]
struct Parts {
    signals: bool,
    button: bool,
    panels: Vec<Panel>,
}

#[derive(Deserialize)]
struct Panel {
    name: String,
    kind: String,
    width: u16,
    height: u16,
}

#[derive(Deserialize)]
struct Shown {
    ending: Ending,
}

/// What came of a step.
#[derive(Serialize)]
struct Outcome {
    step: Step,
    ending: Ending,
    /// What whoever watched said; null where nobody was asked.
    seen: Option<bool>,
}

impl Test {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self {} = self;
        let path = "/v1/board/parts";
        let parts: Parts = io.control.get(path)?.read(path)?;
        let mut outcomes = Vec::new();
        for step in steps(&parts) {
            say(io, &format!("{}\n", expected(step, &parts)))?;
            let shown: Shown =
                io.control.post_within(PATH, &json!({"step": step}), STEP_MAX_S)?.read(PATH)?;
            let seen = match shown.ending {
                // That the button was pressed needs nobody's word.
                Ending::Done if step == Step::Button => {
                    say(io, "  it was pressed\n")?;
                    None
                }
                Ending::Done => asked(io)?,
                ending => {
                    say(io, &format!("  {}\n", broken_off(ending)))?;
                    None
                }
            };
            outcomes.push(Outcome { step, ending: shown.ending, seen });
            if matches!(shown.ending, Ending::Alarm | Ending::Busy | Ending::Stopped) {
                break;
            }
        }
        if !parts.signals {
            say(io, "lamps and buzzer are not connected ([board.signals] in the configuration)\n")?;
        }
        let is_well =
            outcomes.iter().all(|outcome| outcome.ending == Ending::Done && outcome.seen != Some(false));
        if io.json {
            io.json(&outcomes)?;
        }
        Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The steps for which there is something to see or hear.
fn steps(parts: &Parts) -> impl Iterator<Item = Step> {
    let (has_signals, has_button) = (parts.signals, parts.button);
    Step::ALL.into_iter().filter(move |step| match step {
        Step::Cards => true,
        Step::Button => has_button,
        Step::Red
        | Step::Amber
        | Step::Green
        | Step::CriticalSound
        | Step::BreachSound
        | Step::WarningSound => has_signals,
    })
}

fn expected(step: Step, parts: &Parts) -> String {
    match step {
        Step::Red => "the red lamp alone, for a second".to_owned(),
        Step::Amber => "the amber lamp alone, for a second".to_owned(),
        Step::Green => "the green lamp alone, for a second".to_owned(),
        Step::CriticalSound => "the buzzer: three pulses and two, as for a critical ticket".to_owned(),
        Step::BreachSound => "the buzzer: three pulses, as for a breach".to_owned(),
        Step::WarningSound => "the buzzer: one pulse, as for a warning".to_owned(),
        Step::Button => "press the button, once and not long, within ten seconds".to_owned(),
        Step::Cards => cards(&parts.panels),
    }
}

fn cards(panels: &[Panel]) -> String {
    let mut text = "a card on every panel, for five seconds:".to_owned();
    for Panel { name, kind, width, height } in panels {
        write!(text, "\n  {name} ({kind}, {width}x{height}): {}", look(*height))
            .expect("a text takes every word");
    }
    text
}

/// What a card of so many rows has on it.
fn look(height: u16) -> &'static str {
    if height < 100 {
        "a closed border at the very edge, a block in the upper left corner, stripes that rise to the right"
    } else {
        "a closed white border one pixel from the edge, A B C D in the corners as one reads, its name and size, bars of which the named are of their colour, greys from black to white, the alphabet"
    }
}

fn broken_off(ending: Ending) -> &'static str {
    match ending {
        Ending::Alarm => "not shown: an alarm calls. Acknowledge it (andonctl alarm list), and test again",
        Ending::Busy => "not shown: somebody else tests the wall",
        Ending::Stopped => "not shown: the wall has stopped; the journal says why (journalctl -u andond)",
        Ending::NotPressed => {
            "nobody pressed it, or its pin is another ([board.button] in the configuration)"
        }
        Ending::Done => "done",
    }
}

/// What whoever watches says; nobody is asked where there is no terminal.
fn asked(io: &mut Io<'_>) -> Result<Option<bool>, CliError> {
    let stdin = std::io::stdin();
    if io.json || !io.is_talk_read || !stdin.is_terminal() {
        return Ok(None);
    }
    say(io, "  as it should be? [Y/n] ")?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(Some(!answer.trim().to_lowercase().starts_with('n')))
}

/// Says something at once: whoever watches the wall reads it before it is shown.
fn say(io: &mut Io<'_>, words: &str) -> Result<(), CliError> {
    io.err.write_all(words.as_bytes())?;
    io.err.flush()?;
    Ok(())
}
