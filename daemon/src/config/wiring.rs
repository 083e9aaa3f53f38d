//! Whether the page about wiring says what the loader takes, and its drawing what the header has.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Config, pins};

const PAGE: &str = include_str!("../../docs/wiring.md");
const DRAWING: &str = include_str!("../../docs/wiring/pins.svg");

/// What the header's physical pins are, from 1 on: a BCM number, power or ground.
const HEADER: &str = "3V3 5V 2 5V 3 GND 4 14 GND 15 17 18 27 GND 22 23 3V3 24 10 GND \
                      9 25 11 8 GND 7 0 1 5 GND 6 12 13 GND 19 16 26 20 GND 21";

/// The blocks that are to be copied, each with the number of its first line.
fn blocks() -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(PAGE.lines()) {
        match (&mut open, line) {
            (None, "```toml") => open = Some((number + 1, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// The cells of every row of every table.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(str::trim).collect())
}

/// The number that a text begins with.
fn number(text: &str) -> Option<u8> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Every `GPIO n (p)` of a text: BCM number and physical pin.
fn both_numbers(text: &str) -> impl Iterator<Item = (u8, u8)> {
    text.split("GPIO ").skip(1).filter_map(|said| Some((number(said)?, number(said.split_once(" (")?.1)?)))
}

/// Whether the header's physical pin, from 1, is that BCM number.
fn has(physical: u8, bcm: u8) -> bool {
    HEADER.split(' ').nth(usize::from(physical) - 1) == Some(&bcm.to_string())
}

#[test]
fn every_block_of_the_page_is_taken_by_the_loader() {
    let blocks = blocks();
    assert!(blocks.len() >= 16, "only {} blocks", blocks.len());
    for (line, text) in blocks {
        let read = Config::parse(Path::new("andon.toml"), &text);
        match read {
            Ok(config) => assert!(
                config.board.panels != super::Board::default().panels
                    || config.board.signals.is_some()
                    || config.board.strip.is_some()
                    || config.board.button.is_some(),
                "wiring.md:{line}: a block without a part"
            ),
            Err(error) => panic!("wiring.md:{line}: {error}"),
        }
    }
}

#[test]
fn every_kind_of_panel_has_a_block() {
    let told = Config::parse(Path::new("andon.toml"), "[[board.panel]]\n").unwrap_err().to_string();
    let (_, kinds) = told.split_once("one of ").expect("it lists the kinds");
    let text: String = blocks().into_iter().map(|(_, text)| text).collect();
    for kind in kinds.split(", ").filter(|kind| *kind != "simulated") {
        assert!(text.contains(&format!("kind = \"{kind}\"")), "{kind} has no block");
    }
}

#[test]
fn a_pin_is_told_by_both_of_its_numbers_and_they_belong_together() {
    let mut told = 0;
    for row in rows() {
        if let [_, physical, bcm, _] = row[..]
            && let (Some(physical), Some(bcm)) =
                (number(physical), bcm.strip_prefix("GPIO ").and_then(number))
        {
            assert!(has(physical, bcm), "physical pin {physical} is not GPIO {bcm}: {row:?}");
            told += 1;
        }
        for (bcm, physical) in row.iter().flat_map(|cell| both_numbers(cell)) {
            assert!(has(physical, bcm), "physical pin {physical} is not GPIO {bcm}: {row:?}");
            told += 1;
        }
    }
    assert!(told >= 50, "only {told} pins");
}

#[test]
fn every_pin_of_a_block_stands_in_a_table_beside_its_key() {
    let mut keys = 0;
    for (line, text) in blocks() {
        for (key, pin) in text.lines().filter_map(|line| line.split_once(" = ")) {
            if !(key == "pin" || key.ends_with("-pin")) {
                continue;
            }
            keys += 1;
            let (bcm, key) = (format!("GPIO {pin}"), format!("`{key}`"));
            assert!(
                rows().any(|row| row.contains(&bcm.as_str()) && row.contains(&key.as_str())),
                "wiring.md:{line}: no row has {key} at {bcm}"
            );
        }
    }
    assert!(keys >= 20, "only {keys} pins");
}

#[test]
fn the_page_gives_a_bus_the_pins_that_the_loader_keeps_for_it() {
    for bus in [0, 1, 3, 4, 5, 6] {
        let (name, kept) = (bus.to_string(), pins::of_bus(bus).collect::<BTreeSet<_>>());
        let row = rows().find(|row| row.len() == 6 && row[0] == name).expect("each bus has a row");
        let told: BTreeSet<_> = row.iter().flat_map(|cell| both_numbers(cell)).map(|(bcm, _)| bcm).collect();
        assert_eq!(told, kept, "bus {bus}");
    }
}

#[test]
fn the_drawing_has_the_headers_pins_and_the_keys_of_the_whole_box() {
    let texts: Vec<_> = DRAWING.split("</text>").filter_map(|piece| piece.rsplit_once('>')).collect();
    let texts: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
    let mut drawn = BTreeSet::new();
    for pair in texts.windows(4) {
        let Some(bcm) = pair[1].strip_prefix("GPIO ").and_then(number) else { continue };
        let physical = number(pair[0]).expect("a pin's number stands before its name");
        assert!(has(physical, bcm), "physical pin {physical} is not GPIO {bcm}");
        drawn.insert(bcm);
    }
    assert_eq!(drawn.len(), 28);
    let (_, whole) =
        blocks().into_iter().find(|(_, text)| text.starts_with("[board]\n")).expect("a whole box");
    for (key, pin) in whole.lines().filter_map(|line| line.split_once("-pin = ")) {
        let at = texts.iter().position(|text| *text == format!("GPIO {pin}")).expect("it is drawn");
        assert_eq!(texts[at + 2], format!("{key}-pin"), "what is drawn at GPIO {pin}");
    }
}
