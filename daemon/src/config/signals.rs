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
                let mut low = [false; 4];
                for name in some {
                    let output = OUTPUTS.iter().position(|output| name.as_str() == Some(output));
                    let output = output.ok_or_else(|| {
                        D::Error::custom(format!("{name} is not one of {}", OUTPUTS.join(", ")))
                    })?;
                    low[output] = true;
                }
                low
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
