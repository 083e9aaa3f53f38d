//! The wall of the real binary: its picture, its pins, its words.

use andon_tests::Site;
use andon_tests::daemon::{Daemon, eventually};
use firmware_board::decode::Decoder;
use firmware_board::record::{TraceEvent, Wire};
use serde_json::{Value, json};

use super::hasty_regulation;

/// One line of a trace, read back.
fn replay(decoder: &mut Decoder, line: &str) -> Option<(Wire, bool)> {
    let line: Value = serde_json::from_str(line).expect("a trace is JSON lines");
    assert!(line["us"].is_u64(), "every line bears its time");
    let is_of_panel = line["spi"].is_u64() || line["pin"] == "dc" || line["pin"] == "reset";
    assert_eq!(line["panel"].as_str(), is_of_panel.then_some("simulated"), "a panel's wires bear its name");
    if let Some(pin) = line["pin"].as_str() {
        let wires = [Wire::Dc, Wire::Reset, Wire::Red, Wire::Amber, Wire::Green, Wire::Buzzer];
        let wire = wires.into_iter().find(|wire| wire.name() == pin).expect("a pin the wall has");
        let level = line["level"].as_u64() == Some(1);
        decoder.take(TraceEvent::Pin { pin: wire, level });
        return Some((wire, level));
    }
    let hex = line["hex"].as_str().expect("a transfer has bytes");
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("bytes are hex"))
        .collect();
    decoder.take(TraceEvent::Spi { dc: line["dc"].as_u64() == Some(1), bytes: &bytes });
    None
}

fn decode_png(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of 480x320 fits")];
    let info = reader.next_frame(&mut pixels).expect("a PNG");
    (info.width, info.height, pixels)
}

#[test]
fn a_breach_reaches_wall_lamp_and_buzzer_and_the_trace_shows_the_same_pixels() {
    let dir = tempfile::tempdir().expect("a directory");
    let (regulation, trace) = (hasty_regulation(dir.path()), dir.path().join("trace.jsonl"));
    let trace_name = trace.display().to_string();
    let args = ["--regulation", regulation.as_str(), "--board-trace", trace_name.as_str()];
    let daemon = Daemon::start(&dir.path().join("state"), &args);
    let quiet = daemon.get("/v1/board").json;
    assert_eq!(quiet["level"], "normal");
    assert_eq!(quiet["signals"], json!({"red": "off", "amber": "off", "green": "on", "buzzer": "off"}));

    daemon.post(
        "/v1/tickets",
        &json!({"channel": "email", "type": "error", "subject": "Касса не печатает чек"}),
    );
    let board = eventually("the breach on the wall", || {
        let board = daemon.get("/v1/board").json;
        (board["level"] == "breach").then_some(board)
    });
    assert_eq!(
        board["counts"],
        json!({"open": 1, "waiting": 0, "critical": 0, "breached": 1, "due_soon": 0})
    );
    assert_eq!(board["alarms"][0]["kind"], "breach");
    assert_eq!(board["alarms"][0]["text"], "Касса не печатает чек");
    assert_eq!(board["signals"]["red"], "fast");
    assert_eq!(board["signals"]["buzzer"], "breach");
    assert_eq!(board["next"][0]["metric"], "resolution", "the other term runs out next");

    let id = board["alarms"][0]["id"].as_str().expect("an alarm has an id").to_owned();
    assert_eq!(daemon.post(&format!("/v1/alarms/{id}/ack"), &json!({})).status, 200);
    let acked = daemon.get("/v1/board").json;
    assert_eq!(acked["signals"]["red"], "on", "acknowledged is steady");
    assert_eq!(acked["signals"]["buzzer"], "off", "acknowledged is silent");
    assert_eq!(acked["alarms"][0]["acked_by"], "first-agent");

    // The picture stands still only when nothing flashes and no second ticks: after the stop.
    assert_eq!(daemon.stop().code(), Some(0));
    let lines = std::fs::read_to_string(&trace).expect("the trace is there");
    let mut decoder = Decoder::new();
    let pins: Vec<_> = lines.lines().filter_map(|line| replay(&mut decoder, line)).collect();
    assert_eq!(decoder.mistakes(), 0, "the panel understood every command");
    assert!(decoder.is_visible(), "the panel is switched on");
    assert!(pins.contains(&(Wire::Red, true)), "the red lamp was lit");
    assert!(pins.contains(&(Wire::Buzzer, true)), "the buzzer sounded");
    let last_red = pins.iter().rev().find(|(wire, _)| *wire == Wire::Red).expect("the red lamp was set");
    assert!(!last_red.1, "a stopped wall knows of no danger");
}

#[test]
fn the_picture_over_http_is_what_the_wires_carried() {
    let dir = tempfile::tempdir().expect("a directory");
    let trace = dir.path().join("trace.jsonl");
    let trace_name = trace.display().to_string();
    let daemon = Daemon::start(&dir.path().join("state"), &["--board-trace", trace_name.as_str()]);
    // Between two ticks the picture, the trace and the picture again are of one second; else they are asked again.
    eventually("a picture that equals the trace", || {
        let before = daemon.request("GET", "/board.png", None, None, &[]).bytes;
        let lines = std::fs::read_to_string(&trace).expect("the trace is there");
        let after = daemon.request("GET", "/board.png", None, None, &[]).bytes;
        if before != after {
            return None;
        }
        let mut decoder = Decoder::new();
        for line in lines.lines() {
            if serde_json::from_str::<Value>(line).is_err() {
                return None;
            }
            replay(&mut decoder, line);
        }
        let (width, height, pixels) = decode_png(&before);
        assert_eq!((width, height), (480, 320));
        (decoder.frame().rgb888() == pixels).then_some(())
    });
}

/// A configuration in which no panel is named.
/// Away from a Pi there is no SPI: the wall says so, the desk goes on.
#[test]
fn a_panel_that_cannot_be_had_is_an_alarm_and_stops_nothing() {
    if std::path::Path::new("/dev/spidev0.0").exists() {
        println!("skipped: this machine has an SPI bus");
        return;
    }
    let site = Site::new("[[board.panel]]\nkind = \"simulated\"\n[[board.panel]]\nkind = \"st7796\"\n");
    let daemon = site.start();
    let alarm = eventually("the alarm of the panel", || {
        let board = daemon.get("/v1/board").json;
        board["alarms"].as_array()?.iter().find(|alarm| alarm["kind"] == "panel").cloned()
    });
    assert_eq!(alarm["id"], "panel-st7796", "the other panel works");
    let text = alarm["text"].as_str().expect("it says what failed");
    assert!(text.starts_with("st7796: "), "{text}");
    assert!(text.contains("/dev/spidev0.0") && text.contains("dtparam=spi=on"), "{text}");
    let body = json!({"channel": "phone", "type": "consultation", "subject": "Как?", "incomplete": true});
    assert_eq!(daemon.post("/v1/tickets", &body).status, 201, "tickets are taken all the same");
    let picture = daemon.request("GET", "/board.png", None, None, &[]);
    assert_eq!(decode_png(&picture.bytes).0, 480, "the page has its picture all the same");

    daemon.stop();
    site.write("andon.toml", "");
    let without = site.start();
    eventually("the end of an alarm whose panel is no longer there", || {
        let board = without.get("/v1/board").json;
        let alarm = board["alarms"].as_array()?.iter().find(|alarm| alarm["kind"] == "panel")?.clone();
        (alarm["state"] == "cleared-unacked").then_some(())
    });
}
