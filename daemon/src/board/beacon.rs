//! Lamps and buzzer as a part of the wall: how they are connected, and what is done when they fail.

use firmware_board::Signals;
use firmware_board::panel::{Beacon, Wiring};
use firmware_board::record::{Recorder, Wire};

use super::erased::ErasedPin;
use super::health::Health;
use super::pi::{self, PiError};
use super::trace::Trace;
use crate::chain::chain;
use crate::clock;
use crate::config::SignalPins;

/// Lamps and buzzer, and whether they work.
pub(super) struct BeaconPart {
    pins: Option<SignalPins>,
    trace: Trace,
    beacon: Option<Beacon<ErasedPin>>,
    health: Health,
}

impl BeaconPart {
    pub(super) fn new(pins: Option<SignalPins>, trace: Trace) -> Self {
        Self { pins, trace, beacon: None, health: Health::default() }
    }

    pub(super) fn show(&mut self, signals: Signals, t_ms: u64) -> Option<Result<(), String>> {
        let now_ms = clock::monotonic_us() / 1_000;
        if !self.health.may_try(now_ms) {
            return None;
        }
        let shown = self.try_show(signals, t_ms);
        if shown.is_err() {
            self.beacon = None;
        }
        self.health.tell(shown, now_ms)
    }

    fn try_show(&mut self, signals: Signals, t_ms: u64) -> Result<(), String> {
        if self.beacon.is_none() {
            self.beacon = Some(self.connect().map_err(|error| chain(&error))?);
        }
        let beacon = self.beacon.as_mut().expect("it was connected above");
        beacon.show(signals, t_ms).map_err(|error| format!("a pin does not take its level: {error:?}"))
    }

    fn connect(&self) -> Result<Beacon<ErasedPin>, PiError> {
        let recorder = Recorder::new(self.trace.clone());
        let Some(pins) = self.pins else {
            let pin = |wire| ErasedPin::new(recorder.pin(wire));
            let pins = [pin(Wire::Red), pin(Wire::Amber), pin(Wire::Green), pin(Wire::Buzzer)];
            return Ok(Beacon::new(pins, Wiring::ActiveHigh));
        };
        let pin = |wire, number| -> Result<ErasedPin, PiError> {
            Ok(ErasedPin::new(recorder.pin_over(wire, pi::output(number, pins.active_low)?)))
        };
        let four = [
            pin(Wire::Red, pins.red_pin)?,
            pin(Wire::Amber, pins.amber_pin)?,
            pin(Wire::Green, pins.green_pin)?,
            pin(Wire::Buzzer, pins.buzzer_pin)?,
        ];
        Ok(Beacon::new(four, if pins.active_low { Wiring::ActiveLow } else { Wiring::ActiveHigh }))
    }

    pub(super) fn dark(&mut self) {
        if let Some(beacon) = &mut self.beacon {
            // The daemon ends; a pin that cannot be set now stays as it is.
            let _ = beacon.dark();
        }
    }

    pub(super) fn next_edge(&self, t_ms: u64) -> Option<u64> {
        self.beacon.as_ref().and_then(|beacon| beacon.next_edge(t_ms))
    }
}
