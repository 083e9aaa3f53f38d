//! Lamps and sound: what they mean, and when they change.

use std::cell::RefCell;

use firmware_board::panel::{Beacon, Levels, Outlet, Pin, Pins, Strip, Wiring};
use firmware_board::record::{Recorder, TraceEvent, Wire};
use firmware_board::{AlarmKind, AlarmState, Buzzer, Lamp, Signals, signals, sound};

use AlarmKind::{Breach, Critical, DueSoon, Staffing, Storage};
use AlarmState::{Acked, ClearedUnacked, Shelved, Unacked};

fn of(alarms: &[(AlarmKind, AlarmState)]) -> Signals {
    signals(alarms.iter().copied(), false)
}

#[test]
fn green_is_lit_only_when_there_is_nothing() {
    assert_eq!(of(&[]), Signals { green: Lamp::On, ..Signals::DARK });
    for kind in AlarmKind::ALL {
        for state in AlarmState::ALL {
            assert_eq!(of(&[(kind, state)]).green, Lamp::Off, "{kind:?} {state:?}");
        }
    }
}

#[test]
fn a_lamp_flashes_until_somebody_has_every_alarm() {
    for (kinds, lamp) in [
        (&[Critical, Breach][..], (|signals: Signals| signals.red) as fn(Signals) -> Lamp),
        (&AlarmKind::ALL[2..], |signals| signals.amber),
    ] {
        for kind in kinds {
            let kind = *kind;
            assert_eq!(
                lamp(of(&[(kind, Unacked), (kind, Acked), (kind, ClearedUnacked)])),
                Lamp::Fast,
                "{kind:?}"
            );
            assert_eq!(lamp(of(&[(kind, Acked), (kind, ClearedUnacked)])), Lamp::On, "{kind:?}");
            assert_eq!(lamp(of(&[(kind, ClearedUnacked), (kind, Shelved)])), Lamp::Slow, "{kind:?}");
            assert_eq!(lamp(of(&[(kind, Shelved)])), Lamp::Off, "{kind:?}");
        }
    }
}

#[test]
fn a_taken_alarm_does_not_hide_a_new_one() {
    let both = of(&[(Critical, Acked), (Storage, Unacked)]);
    assert_eq!((both.red, both.amber, both.buzzer), (Lamp::On, Lamp::Fast, Buzzer::Warning));
}

#[test]
fn the_worst_untaken_alarm_sounds() {
    assert_eq!(of(&[(DueSoon, Unacked), (Breach, Unacked), (Critical, Unacked)]).buzzer, Buzzer::Critical);
    assert_eq!(of(&[(Critical, Acked), (Staffing, Unacked), (Breach, Unacked)]).buzzer, Buzzer::Breach);
    assert_eq!(of(&[(Critical, Acked), (Breach, ClearedUnacked)]).buzzer, Buzzer::Off);
}

#[test]
fn mute_silences_the_sound_and_never_a_light() {
    let alarms = [(Critical, Unacked), (DueSoon, Acked)];
    assert_eq!(signals(alarms.into_iter(), true), Signals { buzzer: Buzzer::Off, ..of(&alarms) });
}

/// How often it turns on within `period_ms`, and how long it is on in all.
fn pulses(on: impl Fn(u64) -> bool, period_ms: u64) -> (usize, usize) {
    let starts = (0..period_ms).filter(|t_ms| on(*t_ms) && (*t_ms == 0 || !on(t_ms - 1))).count();
    (starts, (0..period_ms).filter(|t_ms| on(*t_ms)).count())
}

#[test]
fn lamps_flash_at_the_rates_of_the_standard() {
    assert_eq!(pulses(|t_ms| Lamp::Fast.lit(t_ms), 10_000), (20, 5_000), "2 Hz, half of the time");
    assert_eq!(pulses(|t_ms| Lamp::Slow.lit(t_ms), 10_000), (5, 5_000), "0.5 Hz, half of the time");
    assert_eq!(pulses(|t_ms| Lamp::On.lit(t_ms), 10_000), (1, 10_000));
    assert_eq!(pulses(|t_ms| Lamp::Off.lit(t_ms), 10_000), (0, 0));
}

#[test]
fn each_sound_has_its_number_of_pulses_and_none_is_an_evacuation_signal() {
    for (buzzer, count, period_ms) in
        [(Buzzer::Critical, 5, 4_000), (Buzzer::Breach, 3, 8_000), (Buzzer::Warning, 1, 30_000)]
    {
        let sounding = |t_ms| buzzer.sounding(t_ms);
        assert_eq!(pulses(sounding, period_ms).0, count, "{buzzer:?}");
        assert!(
            (0..period_ms).all(|t_ms| sounding(t_ms) == sounding(t_ms + 3 * period_ms)),
            "{buzzer:?} repeats"
        );
        let longest_ms =
            (0..period_ms).filter(|t_ms| (0..400).all(|more_ms| sounding(t_ms + more_ms))).count();
        assert_eq!(longest_ms, 0, "{buzzer:?}: a pulse of fire alarms is 500 ms");
    }
    assert!((0..60_000).all(|t_ms| !Buzzer::Off.sounding(t_ms)));
}

#[test]
fn the_next_edge_is_where_the_next_change_is() {
    /// Looks for the changes one by one, from the last to the first.
    fn check(name: &str, on: impl Fn(u64) -> bool, next_edge: impl Fn(u64) -> Option<u64>) {
        let mut next = next_edge(64_000);
        for t_ms in (0..64_000).rev() {
            if on(t_ms) != on(t_ms + 1) {
                next = Some(t_ms + 1);
            }
            assert_eq!(next_edge(t_ms), next, "{name} at {t_ms}");
        }
    }
    for lamp in [Lamp::Off, Lamp::On, Lamp::Slow, Lamp::Fast] {
        check(&format!("{lamp:?}"), |t_ms| lamp.lit(t_ms), |t_ms| lamp.next_edge(t_ms));
    }
    for buzzer in [Buzzer::Off, Buzzer::Critical, Buzzer::Breach, Buzzer::Warning] {
        check(&format!("{buzzer:?}"), |t_ms| buzzer.sounding(t_ms), |t_ms| buzzer.next_edge(t_ms));
    }
}

/// What a beacon does with its pins: shows the steps, and says each pin that was set, as `red+` or `red-`.
fn trace(wiring: Wiring, steps: &[(Signals, u64)]) -> Vec<String> {
    let events = RefCell::new(Vec::new());
    let sink = |event: TraceEvent<'_>| {
        if let TraceEvent::Pin { pin, level } = event {
            events.borrow_mut().push(format!("{}{}", pin.name(), if level { '+' } else { '-' }));
        }
    };
    let recorder = Recorder::new(&sink);
    let pins = [Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
    let pins = pins.map(|wire| Some(Pin::new(recorder.pin(wire), wiring)));
    let mut beacon = Beacon::new(Pins::new(pins));
    for (signals, t_ms) in steps {
        beacon.show(*signals, *t_ms).unwrap();
    }
    events.take()
}

#[test]
fn pins_are_set_at_first_and_then_only_when_they_change() {
    let breach = of(&[(Breach, Unacked)]);
    assert_eq!(
        trace(
            Wiring::ActiveHigh,
            &[(of(&[]), 0), (of(&[]), 100), (breach, 1_000), (breach, 1_210), (breach, 1_250)]
        ),
        ["red-", "amber-", "green+", "buzzer-", "red+", "green-", "buzzer+", "buzzer-", "red-"]
    );
    assert_eq!(trace(Wiring::ActiveLow, &[(of(&[]), 0)]), ["red+", "amber+", "green-", "buzzer+"]);
}

#[test]
fn a_new_sound_begins_at_its_beginning_whenever_it_comes() {
    let warning = of(&[(DueSoon, Unacked)]);
    let recorder = Recorder::new(|_: TraceEvent<'_>| {});
    let pins = [Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
    let pins = pins.map(|wire| Some(Pin::new(recorder.pin(wire), Wiring::ActiveHigh)));
    let mut beacon = Beacon::new(Pins::new(pins));
    beacon.show(Signals { amber: Lamp::Off, ..warning }, 12_345).unwrap();
    assert_eq!(beacon.next_edge(12_345), Some(12_345 + 250));
    beacon.show(Signals { amber: Lamp::Off, ..warning }, 12_700).unwrap();
    assert_eq!(beacon.next_edge(12_700), Some(12_345 + 30_000));
}

/// When the buzzer goes on and off within a minute, where one short sound is asked for at `at_ms` and the signals are
/// others from `change_ms` on.
fn sounds_once(signals: Signals, at_ms: u64, (change_ms, others): (u64, Signals)) -> Vec<u64> {
    let heard = RefCell::new(Vec::new());
    let pins = [None, None, None, Some(Pin::new(Noted(Some(&heard)), Wiring::ActiveHigh))];
    let mut beacon = Beacon::new(Pins::new(pins));
    beacon.show(signals, 0).unwrap();
    let (mut edges, mut level) = (Vec::new(), heard.borrow_mut().pop() == Some(true));
    for t_ms in 1..60_000 {
        let announced = beacon.next_edge(t_ms - 1);
        beacon.show(if t_ms < change_ms { signals } else { others }, t_ms).unwrap();
        if t_ms == at_ms {
            beacon.sound_once(t_ms);
        }
        let now = heard.borrow_mut().pop().unwrap_or(level);
        if now != level {
            assert!(
                announced == Some(t_ms) || t_ms == change_ms,
                "an edge at {t_ms}, announced {announced:?}"
            );
            edges.push(t_ms);
        }
        level = now;
    }
    edges
}

#[test]
fn what_is_over_is_heard_once_and_only_where_nothing_else_sounds() {
    let over = of(&[(Storage, ClearedUnacked)]);
    let (well, storage) = (of(&[]), of(&[(Storage, Unacked)]));
    assert_eq!(sounds_once(over, 1_000, (60_000, over)), [1_250, 1_400], "once");
    assert_eq!(sounds_once(over, 1_000, (1_300, well)), [1_250, 1_300], "somebody took it meanwhile");
    assert_eq!(sounds_once(over, 1_000, (1_100, well)), [], "somebody took it at once");
    assert_eq!(
        sounds_once(over, 1_000, (1_200, storage)),
        [1_200, 1_450, 31_200, 31_450],
        "a new alarm comes first"
    );
    assert_eq!(sounds_once(storage, 1_000, (60_000, storage)), [250, 30_000, 30_250], "what calls goes on");
}

#[test]
fn time_that_goes_back_stops_no_rhythm() {
    let recorder = Recorder::new(|_: TraceEvent<'_>| {});
    let pins = [Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
    let pins = pins.map(|wire| Some(Pin::new(recorder.pin(wire), Wiring::ActiveHigh)));
    let mut beacon = Beacon::new(Pins::new(pins));
    beacon.show(of(&[(Breach, Unacked)]), 5_000).unwrap();
    for t_ms in [4_000, 0, u64::MAX, 3] {
        beacon.show(of(&[(Breach, Unacked)]), t_ms).unwrap();
        assert!(beacon.next_edge(t_ms).is_some_and(|edge_ms| edge_ms > t_ms || t_ms == u64::MAX), "{t_ms}");
    }
}

#[test]
fn the_worst_that_is_to_be_heard_sounds() {
    assert_eq!(sound([].into_iter()), Buzzer::Off);
    assert_eq!(sound([Storage, DueSoon].into_iter()), Buzzer::Warning);
    assert_eq!(sound([DueSoon, Breach, Storage].into_iter()), Buzzer::Breach);
    assert_eq!(sound([Breach, Critical, DueSoon].into_iter()), Buzzer::Critical);
}

#[test]
fn a_desk_that_does_not_answer_is_not_said_to_be_well() {
    let calm = of(&[]).stale();
    assert_eq!(calm, Signals { amber: Lamp::Slow, ..Signals::DARK });
    let worst = of(&[(Breach, Unacked), (Storage, Unacked)]);
    assert_eq!(worst.stale(), worst, "what was wrong is taken to be so still");
    assert_eq!(of(&[(Storage, Acked)]).stale().amber, Lamp::Slow);
}

#[test]
fn what_is_left_behind_is_steady_and_silent_whatever_it_was_before() {
    let recorder = Recorder::new(|_: TraceEvent<'_>| {});
    let pins = [Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
    let pins = pins.map(|wire| Some(Pin::new(recorder.pin(wire), Wiring::ActiveHigh)));
    let mut beacon = Beacon::new(Pins::new(pins));
    beacon.show(of(&[(Breach, ClearedUnacked)]), 0).unwrap();
    beacon.sound_once(0);
    beacon.leave(Signals::SAFE).unwrap();
    assert_eq!(beacon.next_edge(0), None);
    assert_eq!(
        trace_leaving(&[of(&[]), of(&[(Breach, Unacked)])]),
        ["red-", "amber+", "green-", "buzzer-"],
        "every pin is set, whatever it was thought to be"
    );
}

/// What is set when the lamps are left, after these signals.
fn trace_leaving(before: &[Signals]) -> Vec<String> {
    let events = RefCell::new(Vec::new());
    let sink = |event: TraceEvent<'_>| {
        if let TraceEvent::Pin { pin, level } = event {
            events.borrow_mut().push(format!("{}{}", pin.name(), if level { '+' } else { '-' }));
        }
    };
    let recorder = Recorder::new(&sink);
    let pins = [Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
    let pins = pins.map(|wire| Some(Pin::new(recorder.pin(wire), Wiring::ActiveHigh)));
    let mut beacon = Beacon::new(Pins::new(pins));
    for signals in before {
        beacon.show(*signals, 0).unwrap();
    }
    events.borrow_mut().clear();
    beacon.leave(Signals::SAFE).unwrap();
    events.take()
}

#[test]
fn a_strip_that_is_dimmed_is_sent_the_same_lights_darker_and_once() {
    let events = RefCell::new(Vec::new());
    let sink = |event: TraceEvent<'_>| {
        if let TraceEvent::Spi { bytes, .. } = event {
            events.borrow_mut().push(colours(bytes));
        }
    };
    let recorder = Recorder::new(&sink);
    let mut strip = Strip::new(recorder.spi(), 3, 255);
    let red = Levels { red: true, ..Levels::default() };
    for brightness in [255, 51, 51] {
        strip.dim(brightness);
        strip.set(red).unwrap();
    }
    let dark = [0, 0, 0];
    assert_eq!(events.take(), [vec![[255, 0, 0], dark, dark], vec![[51, 0, 0], dark, dark]]);
}

/// What a strip of so many lights is sent for these levels, as colours: red, green, blue of each light.
fn strip(leds: u16, brightness: u8, steps: &[Levels]) -> Vec<Vec<[u8; 3]>> {
    let events = RefCell::new(Vec::new());
    let sink = |event: TraceEvent<'_>| {
        if let TraceEvent::Spi { bytes, .. } = event {
            events.borrow_mut().push(colours(bytes));
        }
    };
    let recorder = Recorder::new(&sink);
    let mut strip = Strip::new(recorder.spi(), leds, brightness);
    for levels in steps {
        strip.set(*levels).unwrap();
    }
    events.take()
}

/// Reads a strip's pulses as its lights do: by their length, and a pause is the end.
fn colours(bytes: &[u8]) -> Vec<[u8; 3]> {
    let bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1)).collect();
    let (mut values, mut at) = (Vec::new(), bits.iter().position(|bit| *bit).unwrap());
    assert!(at >= 720, "the line is low for 300 us before");
    while bits[at] {
        let high = bits[at..].iter().take_while(|bit| **bit).count();
        let low = bits[at + high..].iter().take_while(|bit| !**bit).count();
        let is_end = low > 100;
        assert!(
            (high, low) == (1, 2) || (high, low) == (2, 1) || is_end,
            "a pulse of {high} and {low} at {at}"
        );
        values.push(high == 2);
        at += 3;
        if is_end {
            assert!(low >= 720, "the line is low for 300 us after");
            break;
        }
    }
    let bytes: Vec<u8> =
        values.chunks(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
    assert_eq!(values.len() % 24, 0);
    bytes.chunks(3).map(|grb| [grb[1], grb[0], grb[2]]).collect()
}

#[test]
fn a_strip_has_a_third_for_each_lamp_in_its_colour_and_is_written_when_it_changes() {
    let (red, amber, green, dark) = ([255, 0, 0], [255, 96, 0], [0, 255, 0], [0, 0, 0]);
    let off = Levels::default();
    let all = Levels { red: true, amber: true, green: true, sound: false };
    let shown = strip(8, 255, &[off, off, Levels { sound: true, ..off }, Levels { red: true, ..off }, all]);
    assert_eq!(shown.len(), 3, "only what changes is written, and sound is none of it");
    assert_eq!(shown[0], [dark; 8]);
    assert_eq!(shown[1], [red, red, red, dark, dark, dark, dark, dark]);
    assert_eq!(shown[2], [red, red, red, amber, amber, amber, green, green]);
    assert_eq!(strip(3, 255, &[all]), [[red, amber, green]]);
    assert_eq!(strip(0, 51, &[all]), [[[51, 0, 0], [51, 19, 0], [0, 51, 0]]], "dimmed; three at least");
    assert_eq!(strip(300, 0, &[all])[0].len(), 300, "the longest still goes over the wire in one transfer");
}

/// A pin that does not take its level, and one that notes what it is.
struct Noted<'a>(Option<&'a RefCell<Vec<bool>>>);

impl embedded_hal::digital::ErrorType for Noted<'_> {
    type Error = embedded_hal::digital::ErrorKind;
}

impl embedded_hal::digital::OutputPin for Noted<'_> {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.set_state(embedded_hal::digital::PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.set_state(embedded_hal::digital::PinState::High)
    }

    fn set_state(&mut self, state: embedded_hal::digital::PinState) -> Result<(), Self::Error> {
        let noted = self.0.ok_or(embedded_hal::digital::ErrorKind::Other)?;
        noted.borrow_mut().push(state == embedded_hal::digital::PinState::High);
        Ok(())
    }
}

#[test]
fn a_lamp_that_fails_does_not_silence_the_buzzer() {
    let noted = RefCell::new(Vec::new());
    let pin = |noted| Some(Pin::new(Noted(noted), Wiring::ActiveHigh));
    let mut pins = Pins::new([pin(None), None, None, pin(Some(&noted))]);
    let error = pins.set(Levels { sound: true, ..Levels::default() }).unwrap_err();
    assert_eq!(error.place, "the red lamp");
    assert_eq!(noted.take(), [true]);
}
