//! A test of the wall's parts, one step at a time: whoever asks for a step has it shown for a while, and the wall goes
//! back to the desk by itself.
//!
//! A step has its end from its beginning, so that nobody has to come back to end it. Lamps and buzzer belong to alarms:
//! no step begins while one calls, and one that begins to call, or changes what lamps and buzzer say, breaks the step off.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firmware_board::{Buzzer, Lamp, Signals};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// How long a lamp is lit, in milliseconds.
const LAMP_MS: u64 = 1_000;
/// How long a sound is heard, in milliseconds: the longest rhythm once.
const SOUND_MS: u64 = 2_000;
/// How long the panels show their cards, in milliseconds.
const CARDS_MS: u64 = 5_000;
/// How long the button is waited for, in milliseconds.
const PRESS_MS: u64 = 10_000;
/// How often the wall looks whether a step was asked for, in milliseconds, once there was one …
const LOOK_MS: u64 = 20;
/// … until nobody has asked for so long: a walk through all parts has no pauses that are seen.
const QUIET_MS: u64 = 3_000;

/// One step: what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The red lamp alone, for a second.
    Red,
    /// The amber lamp alone, for a second.
    Amber,
    /// The green lamp alone, for a second.
    Green,
    /// The sound of a critical ticket, for two seconds.
    CriticalSound,
    /// The sound of a breach, for two seconds.
    BreachSound,
    /// The sound of a warning, for two seconds.
    WarningSound,
    /// The button, which is waited for for ten seconds; that it was pressed does nothing else.
    Button,
    /// A card on every panel, for five seconds.
    Cards,
}

impl Step {
    /// Every step, in the order of a walk.
    pub const ALL: [Self; 8] = [
        Self::Red,
        Self::Amber,
        Self::Green,
        Self::CriticalSound,
        Self::BreachSound,
        Self::WarningSound,
        Self::Button,
        Self::Cards,
    ];

    fn length_ms(self) -> u64 {
        match self {
            Self::Red | Self::Amber | Self::Green => LAMP_MS,
            Self::CriticalSound | Self::BreachSound | Self::WarningSound => SOUND_MS,
            Self::Button => PRESS_MS,
            Self::Cards => CARDS_MS,
        }
    }

    /// What lamps and buzzer do meanwhile; none where they go on.
    fn signals(self) -> Option<Signals> {
        let dark = Signals::DARK;
        Some(match self {
            Self::Red => Signals { red: Lamp::On, ..dark },
            Self::Amber => Signals { amber: Lamp::On, ..dark },
            Self::Green => Signals { green: Lamp::On, ..dark },
            Self::CriticalSound => Signals { buzzer: Buzzer::Critical, ..dark },
            Self::BreachSound => Signals { buzzer: Buzzer::Breach, ..dark },
            Self::WarningSound => Signals { buzzer: Buzzer::Warning, ..dark },
            Self::Button | Self::Cards => return None,
        })
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = StepEnding)]
pub enum Ending {
    /// It was shown to its end.
    Done,
    /// An alarm calls: it was not begun, or broken off.
    Alarm,
    /// Nobody pressed the button.
    NotPressed,
    /// Another step was being shown.
    Busy,
    /// The wall's thread has ended.
    Stopped,
}

/// The way to have steps shown. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct PartsTest(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    asked: Option<Asked>,
    /// Since when nothing is being shown that was asked for; none where nothing ever was.
    quiet_since_ms: Option<u64>,
    /// The wall has ended.
    stopped: bool,
}

#[derive(Debug)]
struct Asked {
    step: Step,
    /// Tells whoever asked how it ended; they may be gone.
    ends: oneshot::Sender<Ending>,
    /// When it ends and what the desk's own signals were, once it has begun.
    begun: Option<(u64, Signals)>,
}

impl PartsTest {
    /// Has a step shown; gives how it ended, when it has.
    pub async fn show(&self, step: Step) -> Ending {
        let (ends, ended) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.stopped {
                return Ending::Stopped;
            }
            if state.asked.is_some() {
                return Ending::Busy;
            }
            state.asked = Some(Asked { step, ends, begun: None });
        }
        ended.await.unwrap_or(Ending::Stopped)
    }

    /// What lamps and buzzer do at `t_ms` instead of what the desk says, which is `own`; none where they do that. This is
    /// also where a step begins and ends.
    pub(super) fn at(&self, t_ms: u64, own: Signals) -> Option<Signals> {
        let mut state = self.lock();
        let asked = state.asked.as_mut()?;
        let step = asked.step;
        let ending = match asked.begun {
            None if calls(own) => Some(Ending::Alarm),
            None => {
                asked.begun = Some((t_ms + step.length_ms(), own));
                None
            }
            Some((_, before)) if own != before => Some(Ending::Alarm),
            Some((until_ms, _)) if t_ms < until_ms => None,
            Some(_) if step == Step::Button => Some(Ending::NotPressed),
            Some(_) => Some(Ending::Done),
        };
        match ending {
            None => step.signals(),
            Some(ending) => {
                state.end(ending, t_ms);
                None
            }
        }
    }

    /// Whether the panels show their cards now.
    pub(super) fn shows_cards(&self) -> bool {
        self.lock().asked.as_ref().is_some_and(|asked| asked.step == Step::Cards && asked.begun.is_some())
    }

    /// Whether a press of the button at `t_ms` is what is waited for; it then means nothing else.
    pub(super) fn takes_press(&self, t_ms: u64) -> bool {
        let mut state = self.lock();
        let waits =
            state.asked.as_ref().is_some_and(|asked| asked.step == Step::Button && asked.begun.is_some());
        if waits {
            state.end(Ending::Done, t_ms);
        }
        waits
    }

    /// When the wall is to look again at the latest; none where nobody has tested anything for a while.
    pub(super) fn next_look(&self, t_ms: u64) -> Option<u64> {
        let state = self.lock();
        match &state.asked {
            Some(Asked { begun: Some((until_ms, _)), .. }) => Some(*until_ms),
            Some(Asked { begun: None, .. }) => Some(t_ms + LOOK_MS),
            None => {
                let is_walking = state.quiet_since_ms.is_some_and(|since_ms| t_ms < since_ms + QUIET_MS);
                is_walking.then_some(t_ms + LOOK_MS)
            }
        }
    }

    /// Ends what is being shown, and refuses what is asked for later: the wall ends.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.asked = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end(&mut self, ending: Ending, t_ms: u64) {
        if let Some(asked) = self.asked.take() {
            // Whoever asked may have gone; the wall goes back to the desk all the same.
            let _ = asked.ends.send(ending);
        }
        self.quiet_since_ms = Some(t_ms);
    }
}

/// Whether an alarm calls: something flashes or sounds.
fn calls(signals: Signals) -> bool {
    let Signals { red, amber, green, buzzer } = signals;
    let flashes = |lamp| match lamp {
        Lamp::Slow | Lamp::Fast => true,
        Lamp::Off | Lamp::On => false,
    };
    buzzer != Buzzer::Off || [red, amber, green].into_iter().any(flashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Signals = Signals { green: Lamp::On, ..Signals::DARK };
    const CALLING: Signals = Signals { red: Lamp::Fast, buzzer: Buzzer::Breach, ..Signals::DARK };
    const TAKEN: Signals = Signals { red: Lamp::On, ..Signals::DARK };

    /// A step that was asked for, and the way its end is told.
    fn asked(test: &PartsTest, step: Step) -> oneshot::Receiver<Ending> {
        let (ends, ended) = oneshot::channel();
        test.lock().asked = Some(Asked { step, ends, begun: None });
        ended
    }

    #[test]
    fn each_lamp_is_lit_alone_for_a_second_and_the_desk_comes_back_by_itself() {
        for (step, alone) in [
            (Step::Red, Signals { red: Lamp::On, ..Signals::DARK }),
            (Step::Amber, Signals { amber: Lamp::On, ..Signals::DARK }),
            (Step::Green, Signals { green: Lamp::On, ..Signals::DARK }),
        ] {
            let test = PartsTest::default();
            assert_eq!(test.at(0, WELL), None, "nobody asked");
            let mut ended = asked(&test, step);
            assert_eq!(test.at(500, WELL), Some(alone));
            assert_eq!(test.at(1_499, WELL), Some(alone));
            assert_eq!(test.at(1_500, WELL), None);
            assert_eq!(ended.try_recv(), Ok(Ending::Done));
        }
    }

    #[test]
    fn whoever_asked_may_be_gone() {
        let test = PartsTest::default();
        drop(asked(&test, Step::Cards));
        assert!(!test.shows_cards(), "not before it is seen whether an alarm calls");
        assert_eq!(test.at(0, WELL), None, "lamps and buzzer go on");
        test.at(4_999, WELL);
        assert!(test.shows_cards());
        test.at(5_000, WELL);
        assert!(!test.shows_cards());
    }

    #[test]
    fn a_press_that_is_waited_for_means_nothing_else() {
        let test = PartsTest::default();
        assert!(!test.takes_press(0), "nobody waits for it");
        let mut ended = asked(&test, Step::Button);
        assert!(!test.takes_press(0), "it has not begun");
        test.at(0, WELL);
        assert!(test.takes_press(9_999));
        assert_eq!(ended.try_recv(), Ok(Ending::Done));
        assert!(!test.takes_press(10_000), "the next one does what it always does");

        let mut ended = asked(&test, Step::Button);
        test.at(20_000, WELL);
        test.at(30_000, WELL);
        assert_eq!(ended.try_recv(), Ok(Ending::NotPressed));
    }

    #[test]
    fn a_real_alarm_comes_first() {
        let test = PartsTest::default();
        let mut ended = asked(&test, Step::Red);
        assert_eq!(test.at(0, CALLING), None, "it is not begun while an alarm calls");
        assert_eq!(ended.try_recv(), Ok(Ending::Alarm));

        let mut ended = asked(&test, Step::CriticalSound);
        assert!(test.at(0, TAKEN).is_some(), "an alarm that was taken calls nobody");
        assert_eq!(test.at(10, CALLING), None, "it is broken off");
        assert_eq!(ended.try_recv(), Ok(Ending::Alarm));
        assert_eq!(test.at(20, CALLING), None);
    }

    #[test]
    fn the_wall_looks_often_while_somebody_walks_and_then_no_more() {
        let test = PartsTest::default();
        assert_eq!(test.next_look(0), None);
        let _ended = asked(&test, Step::Red);
        assert_eq!(test.next_look(7), Some(27), "soon");
        test.at(7, WELL);
        assert_eq!(test.next_look(8), Some(1_007), "at its end");
        test.at(1_007, WELL);
        assert_eq!(test.next_look(1_008), Some(1_028), "for the next step");
        assert_eq!(test.next_look(5_000), None);
    }

    #[tokio::test]
    async fn one_step_is_shown_at_a_time_and_a_wall_that_ends_says_so() {
        let test = PartsTest::default();
        let ended = asked(&test, Step::Red);
        assert_eq!(test.show(Step::Green).await, Ending::Busy);
        test.stop();
        assert!(ended.await.is_err(), "its wall has gone");
        assert_eq!(test.show(Step::Green).await, Ending::Stopped);
    }
}
