//! Lamps, buzzer and button as the configuration says them: `[board.signals]`, `[board.strip]`, `[board.button]`.

use std::ops::RangeInclusive;

use calendars::parse_duration_ms;
use firmware_board::panel::{STRIP_LEDS, Wiring};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The pins of lamps and buzzer, BCM numbers; each may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SignalPins {
    /// The red lamp.
    pub red_pin: Option<u8>,
    /// The amber lamp.
    pub amber_pin: Option<u8>,
    /// The green lamp.
    pub green_pin: Option<u8>,
    /// An active buzzer, which sounds by itself.
    pub buzzer_pin: Option<u8>,
    /// A passive buzzer on a hardware PWM, instead of `buzzer-pin`.
    pub buzzer: Option<Tone>,
    /// Which of them are on at low: `true`, all; or a list of `red`, `amber`, `green`, `buzzer`. Default: none.
    pub active_low: ActiveLow,
}

/// A passive buzzer: `{ pwm = 0, hz = 2700 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tone {
    /// The PWM channel, 0 to 3; the overlay `pwm` or `pwm-2chan` says which pin it is on.
    #[serde(deserialize_with = "channel")]
    pub pwm: u8,
    /// The pitch, 100 to 20000 Hz; most are loudest between 2000 and 4000. Default: 2700.
    #[serde(default = "pitch", deserialize_with = "hz")]
    pub hz: u32,
}

/// Which outputs are on at low.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveLow {
    low: [bool; 4],
}

const OUTPUTS: [&str; 4] = ["red", "amber", "green", "buzzer"];

impl<'de> Deserialize<'de> for ActiveLow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = || format!("true, false or a list of {}", OUTPUTS.join(", "));
        let written = toml::Value::deserialize(deserializer)?;
        let low = match &written {
            toml::Value::Boolean(all) => [*all; 4],
            toml::Value::Array(some) => {
                let is_output =
                    |name: &toml::Value| OUTPUTS.iter().any(|output| name.as_str() == Some(output));
                if let Some(name) = some.iter().find(|name| !is_output(name)) {
                    return Err(D::Error::custom(format!("{name} is not one of {}", OUTPUTS.join(", "))));
                }
                OUTPUTS.map(|output| some.iter().any(|name| name.as_str() == Some(output)))
            }
            other => return Err(D::Error::custom(format!("{other} is not {}", expected()))),
        };
        Ok(Self { low })
    }
}

impl SignalPins {
    /// Every pin that is said, by the key that says it.
    pub fn pins(&self) -> Vec<(&'static str, u8)> {
        let keys = ["red-pin", "amber-pin", "green-pin", "buzzer-pin"];
        keys.into_iter().zip(self.outputs()).filter_map(|(key, pin)| Some((key, pin?))).collect()
    }

    /// The pins of red, amber, green and the buzzer.
    pub fn outputs(&self) -> [Option<u8>; 4] {
        [self.red_pin, self.amber_pin, self.green_pin, self.buzzer_pin]
    }

    /// How red, amber, green and the buzzer are wired.
    pub fn wiring(&self) -> [Wiring; 4] {
        self.active_low.low.map(|low| if low { Wiring::ActiveLow } else { Wiring::ActiveHigh })
    }

    /// What cannot be: the key, and why.
    pub(super) fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        (self.buzzer_pin.is_some() && self.buzzer.is_some())
            .then_some(("buzzer", "there is a buzzer on buzzer-pin already; leave out one of both"))
    }
}

/// A strip of WS2812 lights as lamps, instead of three pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Strip {
    /// The bus whose data line the strip hangs on: `/dev/spidevBUS.SELECT`. Nothing else may be on it. Default: 1.
    #[serde(default = "one")]
    pub bus: u8,
    /// The chip select, which the strip does not look at. Default: 0.
    #[serde(default)]
    pub select: u8,
    /// How many lights: 3 to 300; the first third is red, the middle amber, the last green. Default: 8.
    #[serde(default = "eight", deserialize_with = "leds")]
    pub leds: u16,
    /// How bright, 1 to 100 per cent. Default: 30.
    #[serde(default = "thirty", deserialize_with = "percent")]
    pub brightness: u8,
}

/// The acknowledge button: pressed, what sounds is silenced and what the first panel shows is taken; held, the wall is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ButtonPin {
    /// Its pin, BCM number.
    pub pin: u8,
    /// What the pin is pulled to while nobody presses: `up` (the default), `down`, or `off` where the board has its own.
    #[serde(default)]
    pub pull: Pull,
    /// Whether it is pressed at low. Default: unless it is pulled down.
    pub active_low: Option<bool>,
    /// How long a hold takes: 1s to 10s. Default: `"2s"`.
    #[serde(default = "two_seconds", deserialize_with = "hold")]
    pub hold: Millis,
    /// How long a hold mutes for: 1m to 24h. Default: `"15m"`.
    #[serde(default = "quarter", deserialize_with = "mute")]
    pub mute: Millis,
}

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Millis(pub u32);

/// What a pin is pulled to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pull {
    /// To high: a button to ground is pressed at low.
    #[default]
    Up,
    /// To low: a button to 3.3 V is pressed at high.
    Down,
    /// To nothing: a resistor outside does it.
    Off,
}

impl ButtonPin {
    /// Whether it is pressed at low.
    pub fn is_low_down(self) -> bool {
        self.active_low.unwrap_or(self.pull != Pull::Down)
    }
}

fn one() -> u8 {
    1
}

fn eight() -> u16 {
    8
}

fn thirty() -> u8 {
    30
}

fn pitch() -> u32 {
    2_700
}

fn two_seconds() -> Millis {
    Millis(2_000)
}

fn quarter() -> Millis {
    Millis(900_000)
}

/// A number within its bounds.
fn within<'de, D: Deserializer<'de>, T: TryFrom<i64>>(
    deserializer: D,
    bounds: RangeInclusive<i64>,
) -> Result<T, D::Error> {
    let number = i64::deserialize(deserializer)?;
    let known = bounds.contains(&number).then(|| T::try_from(number).ok()).flatten();
    known.ok_or_else(|| {
        D::Error::custom(format!("{number} is out of range; {} to {}", bounds.start(), bounds.end()))
    })
}

fn channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    within(deserializer, 0..=3)
}

fn hz<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 100..=20_000)
}

fn leds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, i64::from(*STRIP_LEDS.start())..=i64::from(*STRIP_LEDS.end()))
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    within(deserializer, 1..=100)
}

/// A span of time within its bounds, as `2s`.
fn span<'de, D: Deserializer<'de>>(
    deserializer: D,
    bounds: RangeInclusive<u32>,
    said: &str,
) -> Result<Millis, D::Error> {
    let text = String::deserialize(deserializer)?;
    let span = parse_duration_ms(&text).map_err(D::Error::custom)?;
    let known = u32::try_from(span).ok().filter(|span| bounds.contains(span));
    known.map(Millis).ok_or_else(|| D::Error::custom(format!("{text} is out of range; {said}")))
}

fn hold<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    span(deserializer, 1_000..=10_000, "1s to 10s")
}

fn mute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    span(deserializer, 60_000..=86_400_000, "1m to 24h")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Board, Config, installed};

    use super::*;

    fn board(text: &str) -> Board {
        Config::parse(Path::new("andon.toml"), text).unwrap_or_else(|error| panic!("{text}: {error}")).board
    }

    fn complaint(text: &str) -> String {
        Config::parse(Path::new("andon.toml"), text).expect_err(text).to_string()
    }

    #[test]
    fn outputs_may_be_left_out_and_wired_each_as_it_is() {
        let signals = board("[board.signals]\nred-pin = 5\nbuzzer-pin = 6\n").signals.unwrap();
        assert_eq!(signals.outputs(), [Some(5), None, None, Some(6)]);
        assert_eq!(signals.wiring(), [Wiring::ActiveHigh; 4]);
        let all = board("[board.signals]\nred-pin = 5\nactive-low = true\n").signals.unwrap();
        assert_eq!(all.wiring(), [Wiring::ActiveLow; 4]);
        let some =
            board("[board.signals]\nred-pin = 5\nactive-low = [\"red\", \"buzzer\"]\n").signals.unwrap();
        let [red, amber, green, buzzer] = some.wiring();
        assert_eq!(
            (red, amber, green, buzzer),
            (Wiring::ActiveLow, Wiring::ActiveHigh, Wiring::ActiveHigh, Wiring::ActiveLow)
        );
        let tone = board("[board.signals]\nbuzzer = { pwm = 0 }\n").signals.unwrap().buzzer.unwrap();
        assert_eq!((tone.pwm, tone.hz), (0, 2_700));
    }

    #[test]
    fn a_button_is_to_ground_with_the_pis_own_pull_unless_it_is_said_otherwise() {
        let button = |text: &str| board(&format!("[board.button]\npin = 17\n{text}")).button.unwrap();
        let plain = button("");
        assert_eq!((plain.pull, plain.is_low_down()), (Pull::Up, true));
        assert_eq!((plain.hold, plain.mute), (Millis(2_000), Millis(900_000)));
        assert!(!button("pull = \"down\"").is_low_down());
        assert!(button("pull = \"off\"").is_low_down());
        assert!(!button("pull = \"off\"\nactive-low = false").is_low_down());
        assert_eq!(button("hold = \"3s\"\nmute = \"1h\"").mute, Millis(3_600_000));
    }

    #[test]
    fn a_strip_has_a_length_a_brightness_and_a_bus_of_its_own() {
        let strip = board("[board.strip]\n").strip.unwrap();
        assert_eq!((strip.bus, strip.select, strip.leds, strip.brightness), (1, 0, 8, 30));
        for (text, said) in [
            ("[board.strip]\nleds = 2\n", "andon.toml:2: leds: 2 is out of range; 3 to 300"),
            ("[board.strip]\nleds = 301\n", "andon.toml:2: leds: 301 is out of range; 3 to 300"),
            ("[board.strip]\nbrightness = 0\n", "andon.toml:2: brightness: 0 is out of range; 1 to 100"),
            (
                "[board.strip]\nbus = 2\n",
                "andon.toml:1: [board.strip]: there is no SPI bus 2 with chip select 0",
            ),
        ] {
            assert_eq!(complaint(text), said);
        }
    }

    #[test]
    fn the_installed_example_can_be_wired() {
        let board = board(&installed::uncommented());
        assert_eq!(board.signals.unwrap().outputs(), [Some(5), Some(6), Some(13), Some(22)]);
        assert_eq!((board.strip.unwrap().bus, board.button.unwrap().pin), (1, 26));
    }

    #[test]
    fn what_cannot_be_wired_is_told_with_its_place_and_the_way_out() {
        for (text, said) in [
            (
                "[board.signals]\nbuzzer-pin = 6\nbuzzer = { pwm = 0 }\n",
                "andon.toml:3: buzzer: there is a buzzer on buzzer-pin already; leave out one of both",
            ),
            ("[board.signals]\nbuzzer = { pwm = 4 }\n", "andon.toml:2: buzzer: 4 is out of range; 0 to 3"),
            (
                "[board.signals]\nbuzzer = { pwm = 0, hz = 20 }\n",
                "andon.toml:2: buzzer: 20 is out of range; 100 to 20000",
            ),
            (
                "[board.signals]\nred-pin = 5\nactive-low = [\"blue\"]\n",
                "andon.toml:3: active-low: \"blue\" is not one of red, amber, green, buzzer",
            ),
            (
                "[board.signals]\nred-pin = 28\n",
                "andon.toml:2: red-pin: pin 28 is not to be had on the 40-pin header; BCM numbers are 2 to 27",
            ),
            (
                "[board.signals]\nred-pin = 5\n[board.button]\npin = 5\n",
                "andon.toml:4: pin: pin 5 is used by red-pin and the button; each part has its own",
            ),
            (
                "[board.button]\npin = 20\n[board.strip]\nbus = 1\n",
                "andon.toml:3: [board.strip]: pin 20 is used by the button and the strip; each part has its own",
            ),
            (
                "[board.button]\npin = 17\nhold = \"100s\"\n",
                "andon.toml:3: hold: 100s is out of range; 1s to 10s",
            ),
            (
                "[board.button]\npin = 17\nmute = \"25h\"\n",
                "andon.toml:3: mute: 25h is out of range; 1m to 24h",
            ),
        ] {
            assert_eq!(complaint(text), said);
        }
        assert!(complaint("[board.button]\npull = \"up\"\n").contains("missing field `pin`"));
        let pull = complaint("[board.button]\npin = 17\npull = \"sideways\"\n");
        assert!(pull.starts_with("andon.toml:3: pull: unknown variant `sideways`"), "{pull}");
        let quiet = complaint("[board]\nquiet-hours = \"20-8\"\n");
        assert!(quiet.starts_with("andon.toml:2: quiet-hours: `20-8` is no span of the day"), "{quiet}");
        let through = complaint("[board]\nquiet-hours-let-through = [\"loud\"]\n");
        assert!(
            through.starts_with("andon.toml:2: quiet-hours-let-through: unknown variant `loud`"),
            "{through}"
        );
    }
}
