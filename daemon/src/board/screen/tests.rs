use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::RgbColor;

use super::card::best;
use super::pixels::{PIXEL, paint};
use super::*;

const UNTOUCHED: u8 = 0x77;

/// A picture without two equal rows or columns.
fn picture(width: u16, height: u16) -> Frame {
    let mut frame = Frame::new(width, height);
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        let colour = |by: u16| u8::try_from((x * 7 + y * 13 + by) % 64).expect("below 64");
        frame.set(x, y, Rgb565::new(colour(1) / 2, colour(30), colour(50) / 2));
    }
    frame
}

/// What the card scans at a place.
fn scanned(memory: &[u8], pitch: usize, x: usize, y: usize) -> [u8; PIXEL] {
    let at = y * pitch + x * PIXEL;
    memory[at..at + PIXEL].try_into().expect("as long as a pixel")
}

#[test]
fn a_rectangle_is_written_where_it_belongs_and_nothing_beside_it() {
    let (frame, pitch, corner) = (picture(20, 10), 40 * PIXEL + 12, (5, 3));
    for rect in [frame.bounds(), Rect::new(0, 0, 1, 1), Rect::new(19, 9, 1, 1), Rect::new(3, 2, 11, 6)] {
        let mut memory = vec![UNTOUCHED; pitch * 16];
        paint(&frame, rect, &mut memory, pitch, corner);
        let wanted = frame.rgb888();
        for (x, y) in (0..40_u16).flat_map(|x| (0..16_u16).map(move |y| (x, y))) {
            let here = scanned(&memory, pitch, x.into(), y.into());
            let of_frame = x.checked_sub(corner.0).zip(y.checked_sub(corner.1));
            match of_frame.filter(|(x, y)| rect.contains(*x, *y)) {
                None => assert_eq!(here, [UNTOUCHED; PIXEL], "{rect:?}: ({x}, {y})"),
                Some((x, y)) => {
                    let at = (usize::from(y) * 20 + usize::from(x)) * 3;
                    let (red, green, blue) = (wanted[at], wanted[at + 1], wanted[at + 2]);
                    assert_eq!(here, [blue, green, red, 0], "{rect:?}: ({x}, {y})");
                }
            }
        }
        let gaps = memory.chunks(pitch).flat_map(|row| &row[40 * PIXEL..]);
        assert!(gaps.copied().all(|byte| byte == UNTOUCHED), "{rect:?}: what is between rows is not a pixel");
    }
}

#[test]
fn colours_keep_their_strength() {
    let mut frame = Frame::new(4, 1);
    for (x, colour) in (0..).zip([Rgb565::RED, Rgb565::GREEN, Rgb565::BLUE, Rgb565::WHITE]) {
        frame.set(x, 0, colour);
    }
    let mut memory = vec![UNTOUCHED; 4 * PIXEL];
    paint(&frame, frame.bounds(), &mut memory, 4 * PIXEL, (0, 0));
    let scanned: Vec<_> = (0..4).map(|x| u32::from_le_bytes(scanned(&memory, 4 * PIXEL, x, 0))).collect();
    assert_eq!(scanned, [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0x00FF_FFFF], "XRGB8888");
}

#[test]
fn what_changed_since_the_last_picture_is_all_that_has_to_be_written() {
    let first = picture(60, 40);
    let mut second = first.clone();
    for (x, y) in [(2, 3), (57, 38), (30, 20)] {
        second.set(x, y, Rgb565::WHITE);
    }
    let pitch = 60 * PIXEL;
    let mut memory = vec![0; pitch * 40];
    paint(&first, first.bounds(), &mut memory, pitch, (0, 0));
    second.diff(&first).iter().for_each(|rect| paint(&second, *rect, &mut memory, pitch, (0, 0)));
    let mut whole = vec![0; pitch * 40];
    paint(&second, second.bounds(), &mut whole, pitch, (0, 0));
    assert_eq!(memory, whole);
}

#[test]
fn the_card_is_told_what_was_written_and_never_more_rectangles_than_it_takes() {
    let (whole, dot) = (Rect::new(0, 0, 100, 50), Rect::new(3, 4, 5, 6));
    let told = |clips: Vec<ClipRect>| -> Vec<_> {
        clips.iter().map(|clip| [clip.x1(), clip.y1(), clip.x2(), clip.y2()]).collect()
    };
    assert_eq!(told(clips(&[dot], whole, (10, 20))), [[13, 24, 18, 30]]);
    assert_eq!(clips(&[dot; CLIPS_MAX], whole, (0, 0)).len(), CLIPS_MAX);
    assert_eq!(told(clips(&[dot; CLIPS_MAX + 1], whole, (10, 20))), [[10, 20, 110, 70]]);
}

#[test]
fn a_card_that_scans_by_itself_is_no_failure_and_one_that_was_taken_is() {
    let of = |code: Errno| std::io::Error::from_raw_os_error(code.raw_os_error());
    assert!(needs_no_telling(&of(Errno::NOSYS)) && needs_no_telling(&of(Errno::OPNOTSUPP)));
    assert!(!needs_no_telling(&of(Errno::ACCESS)) && !needs_no_telling(&of(Errno::NOENT)));
}

#[test]
fn the_walls_own_size_is_shown_else_one_that_it_fits_into() {
    let sizes = [((1280, 1024), false), ((2560, 1440), true), ((1920, 1080), false)];
    for (wall, expected) in [
        (None, Some(1)),
        (Some((1920, 1080)), Some(2)),
        (Some((1280, 1024)), Some(0)),
        (Some((800, 480)), Some(1)),
        (Some((3840, 2160)), None),
    ] {
        assert_eq!(best(&sizes, wall), expected, "{wall:?}");
    }
    assert_eq!(best(&sizes[..1], Some((800, 480))), Some(0), "none is preferred");
    assert_eq!(best(&[], None), None);
}

#[test]
fn what_is_missing_is_told_with_its_path_and_the_way_out() {
    let scratch = tempfile::tempdir().expect("a directory");
    let complaint = |drm: &Drm| {
        let found = Card::find_in(scratch.path(), drm, Ask::Monitor).map(|_| "a card");
        chain(&found.expect_err("there is no card"))
    };
    let anywhere = Drm::default();
    let none = complaint(&anywhere);
    let directory = scratch.path().display();
    assert!(none.starts_with(&format!("there is no card in {directory}; is its driver on")), "{none}");
    assert!(none.contains("dtoverlay=vc4-kms-v3d"), "{none}");

    let named = Drm { card: Some(scratch.path().join("card7")), ..Drm::default() };
    let missing = complaint(&named);
    assert!(missing.starts_with(&format!("cannot open {directory}/card7; is its driver on")), "{missing}");
    assert!(missing.contains("is the daemon in the group video?"), "{missing}");
    assert!(missing.contains("No such file"), "{missing}");

    std::fs::write(scratch.path().join("card7"), "").expect("a file");
    std::fs::write(scratch.path().join("renderD128"), "").expect("a file");
    for drm in [anywhere, named] {
        let plain = complaint(&drm);
        assert!(
            plain.starts_with(&format!("{directory}/card7 drives no monitor; `ls /sys/class/drm`")),
            "{plain}"
        );
    }
}

#[test]
fn a_panel_whose_card_is_missing_fails_in_words() {
    let drm = Drm { card: Some("/nowhere/card0".into()), ..Drm::default() };
    let failure = open(&drm, (1920, 1080)).map(drop).expect_err("there is no card");
    assert!(failure.starts_with("cannot open /nowhere/card0;"), "{failure}");
    assert_eq!(preferred(&drm), None);
}
