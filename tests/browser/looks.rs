//! What the page shows of every state, at every size: all of it, large enough, in the wall's own words.

use andon_tests::Browser;
use andon_tests::daemon::Daemon;
use firmware_board::{
    AlarmKind, AlarmLine, AlarmState, ClockText, Counts, DiskFault, Language, Level, Link, NextLine,
    Progress, Scene, Staffing, signals,
};

use super::browser;

/// Televisions, a screen that was turned, an old monitor, a telephone.
const SIZES: [(u32, u32); 6] =
    [(1920, 1080), (1280, 720), (3840, 2160), (1080, 1920), (1024, 768), (390, 844)];

fn alarm(kind: AlarmKind, ticket: Option<u64>, state: AlarmState) -> AlarmLine {
    AlarmLine {
        kind, ticket, text: "Остановлены отгрузки: нет кодов маркировки".into(), age_s: 4_325, state
    }
}

fn room(level: Level, alarms: Vec<AlarmLine>) -> Scene {
    let next = |number| NextLine {
        number,
        metric: "решение".into(),
        in_s: 11_100,
        priority: "высокий".into(),
        subject: "Не приходит код входа".into(),
    };
    Scene {
        at_text: ClockText { hh: 14, mm: 37, ss: 20, day: 21, month: 11, weekday: 5 },
        level,
        trusted: true,
        link: Link::Live,
        counts: Counts { open: 214, waiting: 31, critical: 1, breached: 2, due_soon: 2 },
        signals: signals(alarms.iter().map(|alarm| (alarm.kind, alarm.state)), false),
        alarms_total: u32::try_from(alarms.len()).expect("a few"),
        alarms,
        next: vec![next(1031), next(1028), next(998)],
        staffing: Some(Staffing { on_shift: 3, required: 2, specialist: true }),
        site: "Поддержка, комната 412".into(),
        ..Scene::default()
    }
}

/// Each state of the wall, with words that have to be on the page.
fn states() -> Vec<(&'static str, Scene, Vec<&'static str>)> {
    use AlarmKind::{Breach, Calendar, Critical, DueSoon, Letter, MassProblem, Panel, Storage};
    use AlarmState::{Acked, ClearedUnacked, Shelved, Unacked};
    let breach =
        || room(Level::Breach, vec![alarm(Breach, Some(1024), Unacked), alarm(DueSoon, Some(1031), Acked)]);
    let storm = {
        let mut alarms = vec![alarm(Critical, Some(1040), Acked)];
        alarms.extend((0..20).map(|n| alarm(Breach, Some(1050 + n), if n < 12 { Acked } else { Unacked })));
        Scene { alarms_total: 57, staffing: Some(Staffing::default()), ..room(Level::Critical, alarms) }
    };
    let calm = || Scene { counts: Counts { open: 37, ..Counts::default() }, ..room(Level::Normal, vec![]) };
    let part = |kind, state| alarm(kind, None, state);
    let parts =
        vec![part(Letter, Unacked), part(Panel, Acked), part(Storage, Shelved), part(Calendar, Unacked)];
    let attention = Counts { due_soon: 0, ..Counts::default() };
    let starting = |progress| Scene { link: Link::Starting { progress }, ..calm() };
    vec![
        (
            "well",
            calm(),
            vec!["ВСЁ В ПОРЯДКЕ", "14:37", "21 ноября", "суббота", "через 3 ч 05 м", "№1031 · решение"],
        ),
        ("well-quiet", Scene { quiet: true, ..calm() }, vec!["суббота · тихие часы"]),
        ("well-idle", Scene { next: vec![], ..calm() }, vec!["сроков впереди нет"]),
        (
            "due-soon",
            room(Level::DueSoon, vec![alarm(DueSoon, Some(1031), Unacked)]),
            vec!["СКОРО СРОК", "№1031"],
        ),
        (
            "breach",
            breach(),
            vec!["ПРОСРОЧЕНО", "не принято: 1 · Поддержка", "1 ч 12 м", "Не приходит код входа"],
        ),
        ("taken", room(Level::Breach, vec![alarm(Breach, Some(1024), Acked)]), vec!["всё принято"]),
        ("gone", room(Level::Breach, vec![alarm(Breach, Some(7), ClearedUnacked)]), vec!["ушло"]),
        ("storm", storm, vec!["КРИТИЧНО", "№1040", "№1062", "ещё", "1/", "нет спец"]),
        (
            "mass",
            room(Level::Breach, vec![alarm(Breach, Some(9), Acked), part(MassProblem, Unacked)]),
            vec!["МАССОВЫЙ СБОЙ"],
        ),
        (
            "parts",
            Scene { counts: attention, ..room(Level::DueSoon, parts) },
            vec!["ВНИМАНИЕ", "ПОЧТА", "ТАБЛО"],
        ),
        (
            "untrusted",
            Scene { trusted: false, muted_min: Some(28), ..breach() },
            vec!["ВРЕМЯ НЕ ПРОВЕРЕНО", "БЕЗ ЗВУКА 28 мин"],
        ),
        ("quiet", Scene { quiet: true, ..breach() }, vec!["тихо", "сб 21 ноя"]),
        ("starting", starting(None), vec!["ЗАПУСК", "читаю журнал заявок"]),
        (
            "rebuilding",
            starting(Some(Progress { done: 412_000, of: 1_000_000 })),
            vec!["восстановление: 412 000 из 1 000 000", "41%"],
        ),
        (
            "blocked",
            Scene { link: Link::Blocked { by: DiskFault::ReadOnly }, ..calm() },
            vec!["НЕ ЗАПУЩЕНО", "диск только для чтения"],
        ),
        (
            "stopped",
            Scene { link: Link::Stopped, ..calm() },
            vec!["ОСТАНОВЛЕНО", "за сроками никто не следит"],
        ),
        (
            "stale",
            Scene { link: Link::Stale { since_s: 250 }, ..breach() },
            vec!["НЕТ СВЯЗИ", "картина устарела на", "4 мин 10 с"],
        ),
        (
            "english",
            Scene { language: Language::English, ..breach() },
            vec!["OVERDUE", "not taken: 1", "in 3 h 05 m", "#1024"],
        ),
    ]
}

/// A page that shows what it is told here and follows nobody.
fn page(browser: &mut Browser, daemon: &Daemon) {
    browser.go(&format!("{}/board", daemon.base()));
    browser.wait_for("lost.hidden");
    browser.run("source.close(); source = { close() {} }; connect = () => {}; retry = () => {}; clearTimeout(retrying); 0");
}

fn show(browser: &mut Browser, scene: &Scene) {
    let scene = serde_json::to_string(scene).expect("a scene is plain data");
    // The time of the flashing stands at a first page, and does not go on.
    browser.run(&format!(
        "scene = {scene}; now = () => 0; silence = () => 0; show(); flash(); cover(); document.fonts.ready.then(() => 0)"
    ));
}

#[test]
fn every_state_is_shown_whole_at_every_size() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    page(&mut browser, &daemon);
    let pictures = std::env::var_os("ANDON_PICTURES").map(std::path::PathBuf::from);
    for (width, height) in SIZES {
        browser.resize(width, height);
        for (name, scene, words) in states() {
            show(&mut browser, &scene);
            let told = format!("{name} at {width}x{height}");
            if let Some(dir) = &pictures {
                let png = browser.picture();
                std::fs::write(dir.join(format!("{name}-{width}x{height}.png.base64")), png).expect("a file");
            }
            let text = browser.text().replace(['\u{a0}', '\n'], " ");
            let is_upright = width < height;
            for word in words.iter().filter(|word| !(is_upright && word.contains(" · "))) {
                // What is cut with a mark on a narrow screen is still there to be read by a machine.
                assert!(text.contains(word), "{told} does not say {word}: {text}");
            }
            let outside = browser.run(OUTSIDE);
            assert_eq!(
                outside.as_array().map(Vec::len),
                Some(0),
                "{told}: cut, or beyond the edge: {outside}"
            );
        }
    }
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

/// The texts that are cut without a mark, or lie beyond the window, or under another.
const OUTSIDE: &str = r"(() => {
  const seen = (element) => element.getClientRects().length > 0;
  const leaves = [...document.querySelectorAll('#wall *, #veil *, #lost *')]
    .filter((element) => seen(element) && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''));
  const bad = [];
  for (const leaf of leaves) {
    const range = document.createRange();
    range.selectNodeContents(leaf);
    const rect = range.getBoundingClientRect(), holder = leaf.closest('.cut');
    const box = holder ? holder.getBoundingClientRect() : rect;
    // A line is higher than what is written on it: from the top of a capital to the foot of a р.
    const size = parseFloat(getComputedStyle(leaf).fontSize), middle = (rect.top + rect.bottom) / 2;
    const top = rect.height > size * 1.6 ? rect.top : middle - size * 0.4, bottom = rect.height > size * 1.6 ? rect.bottom : middle + size * 0.5;
    if (box.left < -1 || box.right > innerWidth + 1 || top < -1 || bottom > innerHeight + 1) bad.push(leaf.textContent);
    for (let up = leaf.parentElement; up && !holder && up !== document.body; up = up.parentElement) {
      const around = up.getBoundingClientRect();
      if (getComputedStyle(up).overflowX === 'hidden' && (rect.right > around.right + 1 || bottom > around.bottom + 1)) bad.push(leaf.textContent);
    }
  }
  return bad;
})()";

/// ISO 9241: 29 mm for a capital at 5 m. On a television of 55 inches, 685 mm high, that is 4.2 hundredths of the height.
#[test]
fn on_a_television_alarms_and_terms_are_large_enough_for_five_metres_and_the_level_for_eight() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    page(&mut browser, &daemon);
    let (_, breach, _) = states().into_iter().find(|(name, ..)| *name == "breach").expect("it is among them");
    for (width, height) in [(1280, 720), (1920, 1080), (3840, 2160)] {
        browser.resize(width, height);
        show(&mut browser, &breach);
        let capital = |browser: &mut Browser, what: &str| {
            let size = format!(
                "parseFloat(getComputedStyle(document.querySelector('{what}')).fontSize) * 0.711 / innerHeight"
            );
            browser.run(&size).as_f64().expect("it has a size")
        };
        for what in [".alarm .number", ".alarm .age", ".alarm .text", ".next .left", ".cell b"] {
            let capital = capital(&mut browser, what);
            assert!(capital >= 0.042, "{what} at {width}x{height}: {capital}");
        }
        // 46 mm at 8 m.
        for what in ["#band h1", "#band .number"] {
            let capital = capital(&mut browser, what);
            assert!(capital >= 0.067, "{what} at {width}x{height}: {capital}");
        }
    }
}

#[test]
fn what_the_page_says_of_time_is_what_the_wall_says() {
    let Some(mut browser) = browser() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&dir.path().join("state"), &[]);
    page(&mut browser, &daemon);
    for (language, name) in [(Language::Russian, "russian"), (Language::English, "english")] {
        let words = language.words();
        for seconds in [0, 1, 59, 60, 61, 3_599, 3_600, 4_325, 86_399, 86_400, 190_000, u32::MAX] {
            let told = browser.run(&format!(
                "((words) => [age(words, {seconds}), left(words, {seconds}), left(words, -{seconds}), span(words, {seconds})])(WORDS.{name}.words)"
            ));
            let left = i64::from(seconds);
            assert_eq!(
                told,
                serde_json::json!([
                    words.age(seconds),
                    words.left(left),
                    words.left(-left),
                    words.span(seconds)
                ]),
                "{seconds} s in {name}"
            );
        }
    }
}
