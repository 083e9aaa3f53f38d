//! What holds for every picture of the wall.

mod common;

use common::{AT, breach, critical, due_soon, layout, storm, well};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, RgbColor};
use firmware_board::{
    AlarmKind, AlarmState, ClockText, DiskFault, Frame, Layout, Level, Link, NextLine, Phase, Progress, Rect,
    Scene, Staffing, signals, wall,
};

fn drawn_on(mut frame: Frame, scene: &Scene, phase: Phase) -> Frame {
    let Ok(()) = layout().draw(scene, phase, &mut frame);
    frame
}

fn drawn(scene: &Scene) -> Frame {
    drawn_on(Frame::new(wall::WIDTH, wall::HEIGHT), scene, Phase::LIT)
}

fn every_link() -> [Link; 6] {
    [
        Link::Live,
        Link::Stale { since_s: 3 },
        Link::Starting { progress: None },
        Link::Starting { progress: Some(Progress { done: u64::MAX, of: u64::MAX }) },
        Link::Blocked { by: DiskFault::Full },
        Link::Stopped,
    ]
}

#[test]
fn nothing_of_the_last_picture_shines_through() {
    for scene in [well(), breach(), storm()] {
        for link in every_link() {
            let scene = Scene { link, ..scene.clone() };
            let mut white = Frame::new(wall::WIDTH, wall::HEIGHT);
            let Ok(()) = white.clear(Rgb565::WHITE);
            assert!(drawn_on(white, &scene, Phase::LIT) == drawn(&scene), "{link:?}");
        }
    }
}

#[test]
fn equal_scenes_are_equal_pictures() {
    assert!(drawn(&storm()) == drawn(&storm()));
}

#[test]
fn a_picture_that_is_not_live_shows_no_colour_of_a_level() {
    for scene in [well(), due_soon(), breach(), critical()] {
        // What keeps the daemon from starting is red: it calls for somebody, and shows nothing of the desk.
        let not_live = every_link().into_iter().skip(1);
        for link in not_live.filter(|link| !matches!(link, Link::Blocked { .. })) {
            let frame = drawn(&Scene { link, trusted: false, ..scene.clone() });
            for colour in frame.pixels_in(frame.bounds()) {
                let (red, green, blue) = (colour.r(), colour.g() / 2, colour.b());
                assert!(
                    blue + 1 >= red && blue + 1 >= green,
                    "{link:?}: {colour:?} is neither grey nor blue"
                );
            }
        }
    }
}

#[test]
fn a_start_that_is_blocked_shows_nothing_of_the_desk() {
    let blocked = |scene: Scene| {
        drawn(&Scene { link: Link::Blocked { by: DiskFault::ReadOnly }, at_text: well().at_text, ..scene })
    };
    assert!(blocked(well()) == blocked(Scene { site: well().site, ..critical() }));
}

#[test]
fn the_levels_are_told_apart_without_colour() {
    let bands = [well(), due_soon(), breach(), critical()].map(|scene| {
        let frame = drawn(&scene);
        let band: Vec<bool> =
            frame.pixels_in(Rect::new(0, 0, 480, 72)).map(|colour| colour.g() > 31).collect();
        band
    });
    for (index, band) in bands.iter().enumerate() {
        for other in &bands[index + 1..] {
            let different = band.iter().zip(other).filter(|(a, b)| a != b).count();
            assert!(different > 1_500, "only {different} pixels of the band differ in black and white");
        }
    }
}

#[test]
fn each_second_is_seen() {
    for scene in [well(), breach()] {
        for ss in 0..59 {
            let [now, then] =
                [ss, ss + 1].map(|ss| drawn(&Scene { at_text: ClockText { ss, ..AT }, ..scene.clone() }));
            assert_eq!(now.diff(&then).len(), 1, "second {ss}");
        }
    }
}

#[test]
fn the_picture_changes_when_a_flash_is_due_and_not_before() {
    for scene in [well(), due_soon(), breach(), storm(), Scene { link: Link::Stale { since_s: 9 }, ..well() }]
    {
        let at = |t_ms| drawn_on(Frame::new(wall::WIDTH, wall::HEIGHT), &scene, Phase::at(t_ms));
        match layout().next_change(&scene, 1_010) {
            None => assert!((0..8).all(|step| at(1_010) == at(1_010 + 250 * step))),
            Some(edge_ms) => {
                assert!(at(1_010) == at(edge_ms - 1));
                assert!(at(1_010) != at(edge_ms));
            }
        }
    }
    assert_eq!(layout().next_change(&breach(), 1_010), Some(1_250));
    assert_eq!(
        layout().next_change(&Scene { link: Link::Stale { since_s: 9 }, ..well() }, 1_010),
        Some(2_000)
    );
    assert_eq!(layout().next_change(&well(), 1_010), None);
}

#[test]
fn a_taken_alarm_is_steady() {
    let mut scene = breach();
    for alarm in &mut scene.alarms {
        alarm.state = AlarmState::Acked;
    }
    scene.signals = signals(scene.alarms.iter().map(|alarm| (alarm.kind, alarm.state)), false);
    let [lit, dark] = [Phase::LIT, Phase::DARK].map(|phase| drawn_on(Frame::new(480, 320), &scene, phase));
    assert!(lit == dark);
    assert_eq!(layout().next_change(&scene, 0), None);
}

#[test]
fn a_size_that_no_layout_serves_is_refused_with_those_that_are() {
    let refused = Layout::of(7, 5).expect_err("nothing is read on so few pixels");
    assert_eq!((refused.width, refused.height), (7, 5));
    assert!(refused.to_string().contains("from 32x8"), "{refused}");
    assert!(Layout::of(4_097, 8).is_err());
}

#[test]
fn what_is_on_the_page_is_what_the_button_means() {
    let shown = |scene: &Scene| layout().shown(scene, Phase::LIT).collect::<Vec<_>>();
    assert_eq!(shown(&breach()), [0, 1, 2]);
    assert_eq!(shown(&well()), [0; 0]);
    assert_eq!(shown(&Scene { link: Link::Stale { since_s: 9 }, ..breach() }), [0; 0]);
}

#[test]
fn whatever_a_scene_holds_it_is_drawn() {
    let mut seed = 1_u64;
    let mut random = move |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    for _ in 0..300 {
        let mut scene = storm();
        scene.level = [Level::Normal, Level::DueSoon, Level::Breach, Level::Critical]
            [usize::try_from(random(4)).unwrap()];
        scene.alarms_total = u32::try_from(random(1 << 32)).unwrap();
        scene.alarms.truncate(usize::try_from(random(12)).unwrap());
        for alarm in &mut scene.alarms {
            alarm.kind = AlarmKind::ALL[usize::try_from(random(11)).unwrap()];
            alarm.state = AlarmState::ALL[usize::try_from(random(4)).unwrap()];
            alarm.ticket = [None, Some(0), Some(u64::MAX)][usize::try_from(random(3)).unwrap()];
            alarm.age_s = u32::try_from(random(1 << 32)).unwrap();
            alarm.text = (0..random(200))
                .filter_map(|_| char::from_u32(u32::try_from(random(0x11_0000)).unwrap()))
                .collect();
        }
        scene.counts.open = u32::MAX;
        scene.counts.critical = u32::MAX;
        scene.trusted = random(2) == 0;
        scene.muted_min = [None, Some(u16::MAX)][usize::try_from(random(2)).unwrap()];
        scene.staffing = [None, Some(Staffing { on_shift: u16::MAX, required: u16::MAX, specialist: false })]
            [usize::try_from(random(2)).unwrap()];
        let in_s = [i64::MIN, -1, 0, 1, i64::MAX][usize::try_from(random(5)).unwrap()];
        let text = scene.alarms.first().map(|alarm| alarm.text.clone()).unwrap_or_default();
        let line =
            NextLine { number: u64::MAX, metric: text.clone(), in_s, priority: text.clone(), subject: text };
        scene.next = vec![line; usize::try_from(random(4)).unwrap()];
        drawn(&scene);
    }
}
