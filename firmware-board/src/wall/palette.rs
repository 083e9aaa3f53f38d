//! Colours by meaning: red danger, yellow abnormal, green normal, blue wants action (IEC 60073).

use embedded_graphics::pixelcolor::Rgb565;

use crate::{AlarmKind, Level};

/// The colours of one picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// The wall behind everything.
    pub(crate) ground: Rgb565,
    /// Behind the figures.
    pub(crate) plate: Rgb565,
    /// Lines between parts.
    pub(crate) rule: Rgb565,
    /// What is read first.
    pub(crate) text: Rgb565,
    /// Captions.
    pub(crate) faint: Rgb565,
    pub(crate) red: Tone,
    pub(crate) amber: Tone,
    pub(crate) green: Tone,
    pub(crate) blue: Tone,
}

/// One meaning's colour in its uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tone {
    /// A large area of it.
    pub(crate) fill: Rgb565,
    /// Text on that area.
    pub(crate) on_fill: Rgb565,
    /// Text and marks of it on the ground.
    pub(crate) ink: Rgb565,
    /// Behind a line that calls.
    pub(crate) shade: Rgb565,
}

/// The picture is now.
pub(crate) const LIVE: Palette = Palette {
    ground: rgb(0x0A_0D_12),
    plate: rgb(0x16_1C_24),
    rule: rgb(0x33_3D_4A),
    text: rgb(0xF4_F7_FA),
    faint: rgb(0xA3_B0_BF),
    red: Tone {
        fill: rgb(0xC8_10_1C),
        on_fill: rgb(0xFF_FF_FF),
        ink: rgb(0xFF_6B_61),
        shade: rgb(0x5A_0B_12),
    },
    amber: Tone {
        fill: rgb(0xFF_B3_00),
        on_fill: rgb(0x14_10_00),
        ink: rgb(0xFF_C2_33),
        shade: rgb(0x4A_34_00),
    },
    green: Tone {
        fill: rgb(0x0B_6B_38),
        on_fill: rgb(0xFF_FF_FF),
        ink: rgb(0x4F_D6_8A),
        shade: rgb(0x06_30_1B),
    },
    blue: Tone {
        fill: rgb(0x1D_6F_D1),
        on_fill: rgb(0xFF_FF_FF),
        ink: rgb(0x6C_B8_FF),
        shade: rgb(0x0A_26_48),
    },
};

/// For panels whose pixels may only be lit or dark: areas are dark there and ink is lit, so that text stands out from both.
pub(crate) const DOTS: Palette = Palette {
    ground: rgb(0x00_00_00),
    plate: rgb(0x00_00_00),
    rule: rgb(0x33_3D_4A),
    text: rgb(0xFF_FF_FF),
    faint: rgb(0xA3_B0_BF),
    red: Tone { fill: rgb(0x78_08_10), ink: rgb(0xFF_5A_50), ..LIVE.red },
    amber: Tone { fill: rgb(0x70_4C_00), ink: rgb(0xFF_B3_00), on_fill: rgb(0xFF_FF_FF), ..LIVE.amber },
    green: Tone { fill: rgb(0x0B_6B_38), ..LIVE.green },
    blue: Tone { fill: rgb(0x10_40_78), ..LIVE.blue },
};

/// The picture is old: no colour is left in it.
pub(crate) const STALE: Palette = {
    const GREY: Tone = Tone {
        fill: rgb(0x30_30_30),
        on_fill: rgb(0x86_86_86),
        ink: rgb(0x78_78_78),
        shade: rgb(0x18_18_18),
    };
    Palette {
        ground: rgb(0x00_00_00),
        plate: rgb(0x10_10_10),
        rule: rgb(0x28_28_28),
        text: rgb(0x78_78_78),
        faint: rgb(0x58_58_58),
        red: GREY,
        amber: GREY,
        green: GREY,
        blue: GREY,
    }
};

impl Palette {
    pub(crate) fn level(&self, level: Level) -> Tone {
        match level {
            Level::Normal => self.green,
            Level::DueSoon => self.amber,
            Level::Breach | Level::Critical => self.red,
        }
    }

    pub(crate) fn kind(&self, kind: AlarmKind) -> Tone {
        match kind {
            AlarmKind::Critical | AlarmKind::Breach => self.red,
            AlarmKind::DueSoon
            | AlarmKind::MassProblem
            | AlarmKind::Staffing
            | AlarmKind::Letter
            | AlarmKind::Storage
            | AlarmKind::Clock
            | AlarmKind::Calendar
            | AlarmKind::Panel
            | AlarmKind::Complaint => self.amber,
        }
    }
}

const fn rgb(hex: u32) -> Rgb565 {
    Rgb565::new((hex >> 19 & 0x1F) as u8, (hex >> 10 & 0x3F) as u8, (hex >> 3 & 0x1F) as u8)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use embedded_graphics::prelude::RgbColor;

    use super::*;

    /// Relative luminance (WCAG 2), with a plain gamma in place of sRGB's own curve.
    fn luminance(colour: Rgb565) -> f32 {
        let linear = |channel: u8, max: u8| (f32::from(channel) / f32::from(max)).powf(2.2);
        0.2126 * linear(colour.r(), 31) + 0.7152 * linear(colour.g(), 63) + 0.0722 * linear(colour.b(), 31)
    }

    fn contrast(a: Rgb565, b: Rgb565) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn what_is_read_stands_out_from_what_is_behind_it() {
        let Palette { ground, plate, text, faint, red, amber, green, blue, .. } = LIVE;
        for behind in [ground, plate] {
            assert!(contrast(text, behind) >= 12.0);
            assert!(contrast(faint, behind) >= 7.0);
            for tone in [red, amber, green, blue] {
                assert!(contrast(tone.ink, behind) >= 5.5);
            }
        }
        for tone in [red, amber, green, blue] {
            assert!(contrast(tone.on_fill, tone.fill) >= 4.5);
            assert!(contrast(text, tone.shade) >= 9.0);
        }
    }

    #[test]
    fn where_pixels_are_lit_or_dark_text_is_lit_and_what_is_behind_it_dark() {
        let lit = |colour: Rgb565| colour.r() > 15 || colour.g() > 31 || colour.b() > 15;
        let Palette { ground, plate, text, faint, red, amber, green, blue, .. } = DOTS;
        assert!(lit(text) && lit(faint) && !lit(ground) && !lit(plate));
        for tone in [red, amber, green, blue] {
            assert!(lit(tone.ink) && !lit(tone.fill), "{tone:?}");
            assert!(contrast(text, tone.fill) >= 4.5 && contrast(tone.ink, ground) >= 5.5, "{tone:?}");
        }
    }

    #[test]
    fn an_old_picture_has_no_colour() {
        let Palette { ground, plate, rule, text, faint, red, amber, green, blue } = STALE;
        let tones = [red, amber, green, blue].map(|tone| [tone.fill, tone.on_fill, tone.ink, tone.shade]);
        for colour in [ground, plate, rule, text, faint].into_iter().chain(tones.into_iter().flatten()) {
            let (red, green, blue) = (colour.r(), colour.g() / 2, colour.b());
            assert!(red == green && green == blue, "{colour:?}");
        }
    }
}
