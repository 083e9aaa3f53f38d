//! The panels of the wall as the configuration says them: `[[board.panel]]`.
//!
//! What a panel is, is read in two steps: first every key that any panel knows, with the place where it stands, then
//! the kind's own keys out of them. So whatever is wrong is told at its line, and a key of another kind is told as that.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use firmware_board::panel::OLED_SIZE;
use serde::Deserialize;
use toml::Spanned;

use super::pins::{self, Use};
use crate::toml_problem::nearest;

/// One panel of the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// Its name: in alarms, in a trace and at `/board.png?panel=NAME`. Unlike every other panel's.
    pub name: String,
    /// What it is and how it is connected.
    pub kind: PanelKind,
}

/// What a panel is and how it is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelKind {
    /// None but the picture over HTTP, of so many columns and rows.
    Simulated {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// A colour TFT.
    Tft(Tft),
    /// A matrix of LEDs: rows of chained 8x8 modules, each with a MAX7219.
    Max7219(Max7219),
    /// A small OLED.
    Ssd1306(Ssd1306),
    /// A monitor at the graphics card, HDMI on a Pi.
    Drm(Drm),
}

/// How an SPI panel is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spi {
    /// The bus: `/dev/spidevBUS.SELECT`.
    pub bus: u8,
    /// The chip select.
    pub select: u8,
    /// The clock in MHz.
    pub mhz: u32,
}

/// A colour TFT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tft {
    /// What drives its glass.
    pub chip: TftChip,
    /// Its bus.
    pub spi: Spi,
    /// The pin that tells commands from data, BCM number.
    pub dc_pin: u8,
    /// The reset pin, BCM number.
    pub reset_pin: u8,
    /// The pin that lights the glass, BCM number; none where it is always lit.
    pub backlight_pin: Option<u8>,
    /// By how many degrees the picture is turned on the glass, which is made upright: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Whether the glass shows negatives unless told to invert, as IPS glass does.
    pub inverted: bool,
    /// Whether the glass has its red and blue exchanged.
    pub blue_first: bool,
}

/// What drives a TFT's glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TftChip {
    /// 320x480, upright.
    St7796,
    /// 240x320, upright.
    Ili9341,
    /// 240x320, upright.
    St7789,
}

/// A matrix of LED modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Max7219 {
    /// Its bus.
    pub spi: Spi,
    /// Modules side by side.
    pub columns: u8,
    /// Rows of modules, one below the other.
    pub rows: u8,
    /// From 0, which is not dark, to 15.
    pub brightness: u8,
    /// By how many degrees the whole matrix is turned: 0 or 180.
    pub rotation: u16,
    /// By how many degrees each module is turned in its chain: 0, 90, 180 or 270.
    pub module_rotation: u16,
}

/// A small OLED, 128x64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssd1306 {
    /// Its bus.
    pub spi: Spi,
    /// The pin that tells commands from data, BCM number.
    pub dc_pin: u8,
    /// The reset pin, BCM number.
    pub reset_pin: u8,
    /// By how many degrees it is turned: 0 or 180.
    pub rotation: u16,
}

/// A monitor at the graphics card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drm {
    /// The card's device; by default the first that has a monitor connected.
    pub card: Option<PathBuf>,
    /// The card's connector as the kernel names it, such as HDMI-A-1; by default the first with a monitor.
    pub connector: Option<String>,
    /// Columns and rows of the pictures; by default those that the monitor prefers, found when the wall starts.
    pub size: Option<(u16, u16)>,
}

/// The size of a monitor that was not there to be asked.
const MONITOR: (u16, u16) = (1920, 1080);

/// The most modules of one matrix: a picture of 128x64, or of 1024x8.
pub const MODULES_MAX: u16 = 128;

impl Panel {
    /// The panel of a wall for which none is named.
    pub fn simulated() -> Self {
        Self { name: "simulated".to_owned(), kind: PanelKind::Simulated { width: 480, height: 320 } }
    }

    /// Columns and rows of its pictures.
    pub fn size(&self) -> (u16, u16) {
        self.kind.size()
    }
}

impl PanelKind {
    /// The word that the configuration has for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Simulated { .. } => "simulated",
            Self::Tft(tft) => tft.chip.word(),
            Self::Max7219(_) => "max7219",
            Self::Ssd1306(_) => "ssd1306",
            Self::Drm(_) => "drm",
        }
    }

    /// Columns and rows of its pictures.
    pub fn size(&self) -> (u16, u16) {
        match self {
            Self::Simulated { width, height } => (*width, *height),
            Self::Tft(tft) => {
                let (width, height) = tft.chip.made();
                if tft.rotation % 180 == 0 { (width, height) } else { (height, width) }
            }
            Self::Max7219(matrix) => (u16::from(matrix.columns) * 8, u16::from(matrix.rows) * 8),
            Self::Ssd1306(_) => OLED_SIZE,
            Self::Drm(drm) => drm.size.unwrap_or(MONITOR),
        }
    }

    /// Its bus, where it is on one.
    pub fn spi(&self) -> Option<Spi> {
        match self {
            Self::Tft(tft) => Some(tft.spi),
            Self::Max7219(matrix) => Some(matrix.spi),
            Self::Ssd1306(oled) => Some(oled.spi),
            Self::Simulated { .. } | Self::Drm(_) => None,
        }
    }

    /// Its pins besides the bus, by the keys that say them.
    pub fn pins(&self) -> Vec<(&'static str, u8)> {
        match self {
            Self::Tft(tft) => [("dc-pin", tft.dc_pin), ("reset-pin", tft.reset_pin)]
                .into_iter()
                .chain(tft.backlight_pin.map(|pin| ("backlight-pin", pin)))
                .collect(),
            Self::Ssd1306(oled) => vec![("dc-pin", oled.dc_pin), ("reset-pin", oled.reset_pin)],
            Self::Simulated { .. } | Self::Max7219(_) | Self::Drm(_) => Vec::new(),
        }
    }
}

impl TftChip {
    /// The word that the configuration has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::St7796 => "st7796",
            Self::Ili9341 => "ili9341",
            Self::St7789 => "st7789",
        }
    }

    /// Columns and rows of the glass as it is made, upright.
    fn made(self) -> (u16, u16) {
        match self {
            Self::St7796 => (320, 480),
            Self::Ili9341 | Self::St7789 => (240, 320),
        }
    }
}

/// Every kind, and the keys that it takes besides `name` and `kind`.
const KINDS: [(&str, &[&str]); 7] = [
    ("simulated", &["size"]),
    ("st7796", &TFT_KEYS),
    ("ili9341", &TFT_KEYS),
    ("st7789", &TFT_KEYS),
    (
        "max7219",
        &["spi-bus", "spi-select", "spi-mhz", "columns", "rows", "brightness", "rotation", "module-rotation"],
    ),
    ("ssd1306", &["spi-bus", "spi-select", "spi-mhz", "dc-pin", "reset-pin", "rotation"]),
    ("drm", &["card", "connector", "size"]),
];

const TFT_KEYS: [&str; 9] = [
    "spi-bus",
    "spi-select",
    "spi-mhz",
    "dc-pin",
    "reset-pin",
    "backlight-pin",
    "rotation",
    "inverted",
    "blue-first",
];

/// A whole number as it is written, so that one that is too large is told by its key's own bounds.
type Number = Option<Spanned<i64>>;

/// A panel as it is written: every key that any kind knows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Written {
    name: Option<Spanned<String>>,
    kind: Option<Spanned<String>>,
    size: Option<Spanned<String>>,
    card: Option<Spanned<String>>,
    connector: Option<Spanned<String>>,
    spi_bus: Number,
    spi_select: Number,
    spi_mhz: Number,
    dc_pin: Number,
    reset_pin: Number,
    backlight_pin: Number,
    rotation: Number,
    module_rotation: Number,
    columns: Number,
    rows: Number,
    brightness: Number,
    inverted: Option<Spanned<bool>>,
    blue_first: Option<Spanned<bool>>,
}

/// What is wrong with a panel: where, at which key, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The place in the text.
    pub(super) at: Range<usize>,
    /// Which key.
    pub(super) key: &'static str,
    /// What is wrong and what would be right.
    pub(super) message: String,
}

type Read<T> = Result<T, Wrong>;

/// The panels as they are written, checked each for itself and with one another; the parts' pins are added to `uses`.
pub(super) fn read(written: &[Spanned<Written>], uses: &mut Vec<Use>) -> Read<Vec<Panel>> {
    let mut panels: Vec<Panel> = Vec::new();
    let mut selects = BTreeSet::new();
    for one in written {
        let place = Place { written: one.get_ref(), whole: one.span() };
        let kind = place.kind()?;
        let name = place.name(&kind, &panels)?;
        place.serves(&kind)?;
        place.card_is_free(&kind, &name, &panels)?;
        if let Some(spi) = kind.spi() {
            place.bus(spi, &name, &panels, &mut selects)?;
            uses.extend(pins::of_bus(spi.bus).map(|pin| Use {
                pin,
                part: format!("SPI bus {}", spi.bus),
                key: "spi-bus",
                at: place.at("spi-bus"),
            }));
        }
        uses.extend(kind.pins().into_iter().map(|(key, pin)| Use {
            pin,
            part: format!("{key} of the panel `{name}`"),
            key,
            at: place.at(key),
        }));
        panels.push(Panel { name, kind });
    }
    Ok(if panels.is_empty() { vec![Panel::simulated()] } else { panels })
}

/// One panel as it is written, and where.
struct Place<'a> {
    written: &'a Written,
    /// Where its table begins: for what is not said at all.
    whole: Range<usize>,
}

impl Place<'_> {
    fn kind(&self) -> Read<PanelKind> {
        let words = || KINDS.iter().map(|(word, _)| *word);
        let known = words().collect::<Vec<_>>().join(", ");
        let Some(kind) = &self.written.kind else {
            return Err(self.wrong("kind", format!("is required: one of {known}")));
        };
        let word = kind.get_ref().as_str();
        let Some((_, keys)) = KINDS.iter().find(|(known, _)| *known == word) else {
            let near =
                nearest(word, words()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(self.wrong("kind", format!("unknown kind `{word}`; one of {known}{near}")));
        };
        if let Some(key) = self.said().find(|key| !keys.contains(key)) {
            return Err(self
                .wrong(key, format!("a {word} has no such key; it takes name, kind, {}", keys.join(", "))));
        }
        Ok(match word {
            "st7796" => PanelKind::Tft(self.tft(TftChip::St7796)?),
            "ili9341" => PanelKind::Tft(self.tft(TftChip::Ili9341)?),
            "st7789" => PanelKind::Tft(self.tft(TftChip::St7789)?),
            "max7219" => PanelKind::Max7219(self.max7219()?),
            "ssd1306" => PanelKind::Ssd1306(Ssd1306 {
                spi: self.spi(8, 10)?,
                dc_pin: self.pin("dc-pin", 25)?,
                reset_pin: self.pin("reset-pin", 24)?,
                rotation: self.rotation("rotation", &[0, 180], 0)?,
            }),
            "drm" => PanelKind::Drm(self.drm()?),
            _ => {
                let (width, height) = self.size()?.unwrap_or((480, 320));
                PanelKind::Simulated { width, height }
            }
        })
    }

    fn tft(&self, chip: TftChip) -> Read<Tft> {
        let written = self.written;
        let flag =
            |said: &Option<Spanned<bool>>, default| said.as_ref().map_or(default, |said| *said.get_ref());
        Ok(Tft {
            chip,
            spi: self.spi(32, 80)?,
            dc_pin: self.pin("dc-pin", 25)?,
            reset_pin: self.pin("reset-pin", 24)?,
            backlight_pin: written
                .backlight_pin
                .is_some()
                .then(|| self.pin("backlight-pin", 0))
                .transpose()?,
            rotation: self.rotation("rotation", &[0, 90, 180, 270], 90)?,
            inverted: flag(&written.inverted, chip == TftChip::St7789),
            blue_first: flag(&written.blue_first, chip != TftChip::St7789),
        })
    }

    fn max7219(&self) -> Read<Max7219> {
        let columns = self.number("columns", 1..=i64::from(MODULES_MAX), 4)?;
        let rows = self.number("rows", 1..=16, 1)?;
        if u16::from(columns) * u16::from(rows) > MODULES_MAX {
            let message =
                format!("{columns} x {rows} modules are more than {MODULES_MAX}; make two panels of them");
            return Err(self.wrong(if self.written.rows.is_some() { "rows" } else { "columns" }, message));
        }
        Ok(Max7219 {
            spi: self.spi(8, 10)?,
            columns,
            rows,
            brightness: self.number("brightness", 0..=15, 3)?,
            rotation: self.rotation("rotation", &[0, 180], 0)?,
            module_rotation: self.rotation("module-rotation", &[0, 90, 180, 270], 0)?,
        })
    }

    fn drm(&self) -> Read<Drm> {
        let card = self.written.card.as_ref().map(|card| PathBuf::from(card.get_ref()));
        if let Some(card) = card.as_ref().filter(|card| !card.is_absolute()) {
            let message = format!("`{}` is no device; a whole path, such as /dev/dri/card0", card.display());
            return Err(self.wrong("card", message));
        }
        let connector = self.written.connector.as_ref().map(|connector| connector.get_ref().clone());
        if let Some(connector) = connector.as_ref().filter(|connector| !is_connector(connector)) {
            let message = format!(
                "`{connector}` is no connector; a kind and a number, such as HDMI-A-1: `ls /sys/class/drm` lists \
                 them after the card's name"
            );
            return Err(self.wrong("connector", message));
        }
        Ok(Drm { card, connector, size: self.size()? })
    }

    fn spi(&self, mhz: u8, mhz_max: u8) -> Read<Spi> {
        let bus = self.number("spi-bus", 0..=6, 0)?;
        if pins::selects(bus) == 0 {
            return Err(
                self.wrong("spi-bus", format!("bus {bus} is not on the 40-pin header; 0, 1, 3 to 6 are"))
            );
        }
        let select = self.number("spi-select", 0..=i64::from(pins::selects(bus)) - 1, 0)?;
        let mhz = self.number("spi-mhz", 1..=i64::from(mhz_max), mhz)?;
        Ok(Spi { bus, select, mhz: mhz.into() })
    }

    fn pin(&self, key: &'static str, default: u8) -> Read<u8> {
        let Some(pin) = self.said_number(key) else { return Ok(default) };
        pins::on_header(pin).map_err(|message| self.wrong(key, message))
    }

    fn rotation(&self, key: &'static str, possible: &[u16], default: u16) -> Read<u16> {
        let Some(degrees) = self.said_number(key) else { return Ok(default) };
        possible.iter().copied().find(|possible| i64::from(*possible) == degrees).ok_or_else(|| {
            let possible: Vec<_> = possible.iter().map(u16::to_string).collect();
            self.wrong(key, format!("cannot be turned by {degrees} degrees; one of {}", possible.join(", ")))
        })
    }

    fn number(&self, key: &'static str, bounds: std::ops::RangeInclusive<i64>, default: u8) -> Read<u8> {
        let number = self.said_number(key).unwrap_or(default.into());
        match u8::try_from(number) {
            Ok(small) if bounds.contains(&number) => Ok(small),
            Ok(_) | Err(_) => {
                let (least, most) = bounds.into_inner();
                Err(self.wrong(key, format!("{number} is out of range; {least} to {most}")))
            }
        }
    }

    fn size(&self) -> Read<Option<(u16, u16)>> {
        let Some(size) = &self.written.size else { return Ok(None) };
        let parsed = size.get_ref().split_once('x').and_then(|(width, height)| {
            Some((width.parse().ok()?, height.parse().ok()?))
                .filter(|(width, height)| *width > 0 && *height > 0)
        });
        parsed.map(Some).ok_or_else(|| {
            self.wrong("size", format!("`{}` is no size; columns x rows, such as 480x320", size.get_ref()))
        })
    }

    /// The name that is said; else the kind's word, numbered from the second of a kind on.
    fn name(&self, kind: &PanelKind, others: &[Panel]) -> Read<String> {
        let is_taken = |name: &str| others.iter().any(|panel| panel.name == name);
        let Some(said) = &self.written.name else {
            let word = kind.word();
            let numbered = (2..).map(|n| format!("{word}-{n}"));
            let name = std::iter::once(word.to_owned()).chain(numbered).find(|name| !is_taken(name));
            return Ok(name.expect("there are more numbers than panels"));
        };
        let name = said.get_ref();
        let is_odd = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if name.is_empty() || name.len() > 32 || name.contains(is_odd) {
            return Err(self.wrong("name", format!("`{name}` is no name; 1 to 32 of a-z, 0-9 and `-`")));
        }
        if OTHER_PARTS.contains(&name.as_str()) {
            return Err(self.wrong(
                "name",
                format!("`{name}` is what another part of the wall is called; take another"),
            ));
        }
        if is_taken(name) {
            return Err(
                self.wrong("name", format!("another panel is called `{name}`; each has a name of its own"))
            );
        }
        Ok(name.clone())
    }

    /// Whether there is a picture for a panel of this size.
    fn serves(&self, kind: &PanelKind) -> Read<()> {
        let (width, height) = kind.size();
        firmware_board::Layout::of(width, height).map(drop).map_err(|unservable| {
            let key = match kind {
                PanelKind::Tft(_) | PanelKind::Ssd1306(_) => "kind",
                PanelKind::Max7219(_) if self.written.columns.is_some() => "columns",
                PanelKind::Max7219(_) => "rows",
                PanelKind::Simulated { .. } | PanelKind::Drm(_) => "size",
            };
            self.wrong(key, unservable.to_string())
        })
    }

    /// Whether the graphics card is this panel's alone: only one program at a time, and once, sets what a card shows.
    fn card_is_free(&self, kind: &PanelKind, name: &str, others: &[Panel]) -> Read<()> {
        let PanelKind::Drm(Drm { card, .. }) = kind else { return Ok(()) };
        let same = others.iter().find(|other| match &other.kind {
            PanelKind::Drm(other) => card.is_none() || other.card.is_none() || other.card == *card,
            PanelKind::Simulated { .. }
            | PanelKind::Tft(_)
            | PanelKind::Max7219(_)
            | PanelKind::Ssd1306(_) => false,
        });
        same.map_or(Ok(()), |other| {
            let message = format!(
                "the panels `{}` and `{name}` may both be at one graphics card; each says a card of its own",
                other.name
            );
            Err(self.wrong("card", message))
        })
    }

    /// Whether the chip select is this panel's alone.
    fn bus(&self, spi: Spi, name: &str, others: &[Panel], selects: &mut BTreeSet<(u8, u8)>) -> Read<()> {
        let Spi { bus, select, .. } = spi;
        if selects.insert((bus, select)) {
            return Ok(());
        }
        let other = others
            .iter()
            .find(|panel| panel.kind.spi().is_some_and(|other| (other.bus, other.select) == (bus, select)));
        let other = other.map_or("another", |other| other.name.as_str());
        let key = if self.written.spi_select.is_none() && self.written.spi_bus.is_some() {
            "spi-bus"
        } else {
            "spi-select"
        };
        let message = format!(
            "the panels `{other}` and `{name}` are both at /dev/spidev{bus}.{select}; each has its own chip select"
        );
        Err(self.wrong(key, message))
    }

    fn wrong(&self, key: &'static str, message: String) -> Wrong {
        Wrong { at: self.at(key), key, message }
    }

    /// Where a key stands; where it is not said, where the panel begins.
    fn at(&self, key: &str) -> Range<usize> {
        self.keys()
            .into_iter()
            .find(|(known, _)| *known == key)
            .and_then(|(_, at)| at)
            .unwrap_or(self.whole.clone())
    }

    fn said_number(&self, key: &str) -> Option<i64> {
        self.numbers()
            .into_iter()
            .find(|(known, _)| *known == key)
            .and_then(|(_, said)| Some(*said.as_ref()?.get_ref()))
    }

    /// The keys that are said, but for `name` and `kind`.
    fn said(&self) -> impl Iterator<Item = &'static str> {
        let keys =
            self.keys().into_iter().filter(|(key, at)| at.is_some() && !matches!(*key, "name" | "kind"));
        keys.map(|(key, _)| key)
    }

    fn keys(&self) -> Vec<(&'static str, Option<Range<usize>>)> {
        // Taken apart, so that a new key is not forgotten here or among the numbers.
        let Written { name, kind, size, card, connector, inverted, blue_first, .. } = self.written;
        let text = |said: &Option<Spanned<String>>| said.as_ref().map(Spanned::span);
        let flag = |said: &Option<Spanned<bool>>| said.as_ref().map(Spanned::span);
        let mut keys = vec![
            ("name", text(name)),
            ("kind", text(kind)),
            ("size", text(size)),
            ("card", text(card)),
            ("connector", text(connector)),
            ("inverted", flag(inverted)),
            ("blue-first", flag(blue_first)),
        ];
        keys.extend(self.numbers().into_iter().map(|(key, said)| (key, said.as_ref().map(Spanned::span))));
        keys
    }

    fn numbers(&self) -> [(&'static str, &Number); 11] {
        let written = self.written;
        [
            ("spi-bus", &written.spi_bus),
            ("spi-select", &written.spi_select),
            ("spi-mhz", &written.spi_mhz),
            ("dc-pin", &written.dc_pin),
            ("reset-pin", &written.reset_pin),
            ("backlight-pin", &written.backlight_pin),
            ("rotation", &written.rotation),
            ("module-rotation", &written.module_rotation),
            ("columns", &written.columns),
            ("rows", &written.rows),
            ("brightness", &written.brightness),
        ]
    }
}

/// Whether it may be what the kernel calls a connector.
fn is_connector(name: &str) -> bool {
    let is_word = |kind: &str| kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_number = |number: &str| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    name.rsplit_once('-').is_some_and(|(kind, number)| !kind.is_empty() && is_word(kind) && is_number(number))
}

/// What other parts of the wall are called; no panel is.
pub const OTHER_PARTS: [&str; 3] = ["signals", "strip", "button"];

#[cfg(test)]
mod tests;
