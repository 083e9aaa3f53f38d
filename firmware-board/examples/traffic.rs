//! Counts what the panel's bus carries, event by event: `cargo run -p firmware-board --example traffic`.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{AT, alarm, breach, layout, well};
use embedded_hal::delay::DelayNs;
use firmware_board::panel::{Mounting, Sent, Tft};
use firmware_board::record::Nowhere;
use firmware_board::{AlarmKind, AlarmState, ClockText, Frame, Phase, Scene, wall};

/// 32 MHz, a bit a cycle.
const BYTES_PER_MS: f64 = 4_000.0;

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _ns: u32) {}
}

/// The bytes of a picture that is sent whole.
const WHOLE: u32 = 307_211;

fn main() {
    println!("{:<44} {:>6} {:>7} {:>9} {:>9}", "", "rects", "writes", "bytes", "ms");
    row("a whole frame", sent(&[(well(), Phase::LIT)]));
    row("a second, all well", change(well(), at(AT.hh, AT.mm, AT.ss + 1, well())));
    row("a second, alarms", change(breach(), at(AT.hh, AT.mm, AT.ss + 1, breach())));
    row("a minute, all well", change(at(14, 37, 59, well()), at(14, 38, 0, well())));
    row("a minute, alarms", change(at(14, 37, 59, breach()), at(14, 38, 0, breach())));
    row("a flash of two untaken alarms", sent(&[(breach(), Phase::LIT), (breach(), Phase::DARK)]));
    row("one more alarm, in the first line", change(breach(), worse()));
    row("from all well to overdue", change(well(), breach()));

    let minute: Vec<_> = (0..60).map(|ss| (at(14, 37, ss, well()), Phase::LIT)).collect();
    share("a minute, all well, one picture a second", &minute);
    let flashes: Vec<_> =
        (0..240_u8).map(|step| (at(14, 37, step / 4, breach()), Phase::at(u64::from(step) * 250))).collect();
    share("a minute with two untaken alarms, four pictures a second", &flashes);
}

fn at(hh: u8, mm: u8, ss: u8, scene: Scene) -> Scene {
    Scene { at_text: ClockText { hh, mm, ss, ..AT }, ..scene }
}

fn worse() -> Scene {
    let mut scene = breach();
    scene.alarms.insert(0, alarm(AlarmKind::Breach, Some(1007), "Не уходит отчёт", 0, AlarmState::Unacked));
    scene.alarms_total += 1;
    scene
}

fn change(before: Scene, after: Scene) -> Sent {
    sent(&[(before, Phase::LIT), (after, Phase::LIT)])
}

/// What the last of these pictures took.
fn sent(pictures: &[(Scene, Phase)]) -> Sent {
    *all_sent(pictures).last().expect("a picture")
}

fn all_sent(pictures: &[(Scene, Phase)]) -> Vec<Sent> {
    let mut tft = Tft::new(Nowhere, Nowhere, Some(Nowhere), Mounting::default());
    tft.reinit(&mut NoDelay).expect("nowhere takes everything");
    let show = |(scene, phase): &(Scene, Phase)| {
        let mut frame = Frame::new(wall::WIDTH, wall::HEIGHT);
        let Ok(()) = layout().draw(scene, *phase, &mut frame);
        tft.show(&frame).expect("nowhere takes everything")
    };
    pictures.iter().map(show).collect()
}

fn row(what: &str, Sent { rects, writes, bytes }: Sent) {
    println!("{what:<44} {rects:>6} {writes:>7} {bytes:>9} {:>9.2}", f64::from(bytes) / BYTES_PER_MS);
}

/// How much of sending each picture whole.
fn share(what: &str, pictures: &[(Scene, Phase)]) {
    let changes = &all_sent(pictures)[1..];
    let bytes: u32 = changes.iter().map(|sent| sent.bytes).sum();
    let whole = f64::from(WHOLE) * f64::from(u32::try_from(changes.len()).expect("a few pictures"));
    println!("{what}: {bytes} bytes, {:.3} % of whole frames", 100.0 * f64::from(bytes) / whole);
}
