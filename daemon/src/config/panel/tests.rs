use std::path::Path;

use super::*;
use crate::config::Config;

fn read(board: &str) -> Vec<Panel> {
    Config::parse(Path::new("andon.toml"), board).expect("it is right").board.panels
}

fn complaint(board: &str) -> String {
    Config::parse(Path::new("andon.toml"), board).expect_err("it is wrong").to_string()
}

/// The complaint about one panel with these keys, each on its line, the first on line 2.
fn about(keys: &str) -> String {
    complaint(&format!("[[board.panel]]\n{keys}\n"))
}

#[test]
fn no_panel_is_one_that_is_simulated() {
    assert_eq!(read(""), [Panel::simulated()]);
    assert_eq!(read("[board]\nsite = \"Москва\""), [Panel::simulated()]);
    assert_eq!(Panel::simulated().size(), (480, 320));
}

#[test]
fn a_panel_needs_no_more_than_its_kind() {
    let panels = read("[[board.panel]]\nkind = \"st7796\"");
    let [Panel { name, kind: PanelKind::Tft(tft) }] = panels.as_slice() else { panic!("{panels:?}") };
    assert_eq!(name, "st7796");
    let spi = Spi { bus: 0, select: 0, mhz: 32 };
    assert_eq!((tft.spi, tft.dc_pin, tft.reset_pin, tft.backlight_pin), (spi, 25, 24, None));
    assert_eq!((tft.rotation, panels[0].size()), (90, (480, 320)));
}

#[test]
fn several_panels_of_a_kind_are_told_apart() {
    let panels = read(
        "[[board.panel]]\nkind = \"st7796\"\nbacklight-pin = 18\n\
         [[board.panel]]\nkind = \"st7796\"\nspi-select = 1\ndc-pin = 5\nreset-pin = 6\nrotation = 270\n\
         [[board.panel]]\nkind = \"simulated\"\nname = \"door\"\n",
    );
    let names: Vec<_> = panels.iter().map(|panel| panel.name.as_str()).collect();
    assert_eq!(names, ["st7796", "st7796-2", "door"]);
    assert_eq!(panels[0].kind.pins(), [("dc-pin", 25), ("reset-pin", 24), ("backlight-pin", 18)]);
    assert_eq!(panels[1].kind.spi().map(|spi| spi.select), Some(1));
}

#[test]
fn each_wrong_value_is_told_by_line_key_and_way_out() {
    for (keys, expected) in [
        (
            "name = \"door\"",
            "andon.toml:1: kind: is required: one of simulated, st7796, ili9341, st7789, max7219, ssd1306, drm",
        ),
        (
            "kind = \"st7769\"",
            "andon.toml:2: kind: unknown kind `st7769`; one of simulated, st7796, ili9341, st7789, max7219, ssd1306, drm; did you mean `st7796`?",
        ),
        (
            "kind = \"st7796\"\ncolumns = 4",
            "andon.toml:3: columns: a st7796 has no such key; it takes name, kind, spi-bus, spi-select, spi-mhz, dc-pin, reset-pin, backlight-pin, rotation, inverted, blue-first",
        ),
        (
            "kind = \"st7796\"\nrotation = 45",
            "andon.toml:3: rotation: cannot be turned by 45 degrees; one of 0, 90, 180, 270",
        ),
        (
            "kind = \"max7219\"\nrotation = 90",
            "andon.toml:3: rotation: cannot be turned by 90 degrees; one of 0, 180",
        ),
        (
            "kind = \"st7796\"\ndc-pin = 28",
            "andon.toml:3: dc-pin: pin 28 is not to be had on the 40-pin header; BCM numbers are 2 to 27",
        ),
        (
            "kind = \"st7796\"\nreset-pin = -1",
            "andon.toml:3: reset-pin: pin -1 is not to be had on the 40-pin header; BCM numbers are 2 to 27",
        ),
        (
            "kind = \"st7796\"\ndc-pin = 24",
            "andon.toml:1: reset-pin: pin 24 is used by dc-pin of the panel `st7796` and reset-pin of the panel `st7796`; each part has its own",
        ),
        (
            "kind = \"st7796\"\ndc-pin = 10",
            "andon.toml:3: dc-pin: pin 10 is used by SPI bus 0 and dc-pin of the panel `st7796`; each part has its own",
        ),
        (
            "kind = \"st7796\"\nspi-bus = 2",
            "andon.toml:3: spi-bus: bus 2 is not on the 40-pin header; 0, 1, 3 to 6 are",
        ),
        ("kind = \"st7796\"\nspi-bus = 7", "andon.toml:3: spi-bus: 7 is out of range; 0 to 6"),
        ("kind = \"st7796\"\nspi-select = 2", "andon.toml:3: spi-select: 2 is out of range; 0 to 1"),
        ("kind = \"st7796\"\nspi-mhz = 0", "andon.toml:3: spi-mhz: 0 is out of range; 1 to 80"),
        ("kind = \"max7219\"\nspi-mhz = 32", "andon.toml:3: spi-mhz: 32 is out of range; 1 to 10"),
        ("kind = \"max7219\"\nbrightness = 300", "andon.toml:3: brightness: 300 is out of range; 0 to 15"),
        (
            "kind = \"max7219\"\ncolumns = 16\nrows = 9",
            "andon.toml:4: rows: 16 x 9 modules are more than 128; make two panels of them",
        ),
        (
            "kind = \"simulated\"\nsize = \"large\"",
            "andon.toml:3: size: `large` is no size; columns x rows, such as 480x320",
        ),
        (
            "kind = \"simulated\"\nsize = \"0x320\"",
            "andon.toml:3: size: `0x320` is no size; columns x rows, such as 480x320",
        ),
        (
            "kind = \"simulated\"\nname = \"The Door\"",
            "andon.toml:3: name: `The Door` is no name; 1 to 32 of a-z, 0-9 and `-`",
        ),
        (
            "kind = \"simulated\"\nname = \"signals\"",
            "andon.toml:3: name: `signals` is what another part of the wall is called; take another",
        ),
    ] {
        assert_eq!(about(keys), expected);
    }
    let misspelt = about("kind = \"st7796\"\nrotaton = 90");
    assert!(misspelt.starts_with("andon.toml:3: rotaton: unknown field `rotaton`"), "{misspelt}");
    assert!(misspelt.ends_with("did you mean `rotation`?"), "{misspelt}");
    let single = complaint("[board.panel]\nkind = \"st7796\"");
    assert!(single.contains("double brackets"), "{single}");
}

#[test]
fn a_size_that_no_layout_serves_is_told_with_those_that_are() {
    let odd = about("kind = \"simulated\"\nsize = \"17x5\"");
    assert!(odd.starts_with("andon.toml:3: size: no layout of the wall serves a panel of 17x5"), "{odd}");
    assert!(odd.contains("480x320"), "{odd}");
    let short = about("kind = \"max7219\"\ncolumns = 3");
    assert!(
        short.starts_with("andon.toml:3: columns: no layout of the wall serves a panel of 24x8"),
        "{short}"
    );
}

#[test]
fn two_panels_share_neither_name_nor_pin_nor_chip_select() {
    let two = |first: &str, second: &str| {
        complaint(&format!(
            "[[board.panel]]\nkind = \"st7796\"\n{first}\n[[board.panel]]\nkind = \"st7796\"\n{second}\n"
        ))
    };
    assert_eq!(
        two("name = \"door\"", "name = \"door\""),
        "andon.toml:6: name: another panel is called `door`; each has a name of its own"
    );
    assert_eq!(
        two("name = \"door\"", "dc-pin = 5"),
        "andon.toml:4: spi-select: the panels `door` and `st7796` are both at /dev/spidev0.0; each has its own chip select"
    );
    assert_eq!(
        two("name = \"door\"", "spi-select = 1"),
        "andon.toml:4: dc-pin: pin 25 is used by dc-pin of the panel `door` and dc-pin of the panel `st7796`; each part has its own"
    );
}

#[test]
fn an_oled_takes_the_pins_of_a_tft_and_may_hang_upside_down() {
    let panels = read("[[board.panel]]\nkind = \"ssd1306\"\nrotation = 180\ndc-pin = 5");
    let spi = Spi { bus: 0, select: 0, mhz: 8 };
    let oled = Ssd1306 { spi, dc_pin: 5, reset_pin: 24, rotation: 180 };
    assert_eq!(panels, [Panel { name: "ssd1306".to_owned(), kind: PanelKind::Ssd1306(oled) }]);
    assert_eq!((panels[0].size(), panels[0].kind.spi()), ((128, 64), Some(spi)));
    assert_eq!(panels[0].kind.pins(), [("dc-pin", 5), ("reset-pin", 24)]);
    for (keys, expected) in [
        ("rotation = 90", "rotation: cannot be turned by 90 degrees; one of 0, 180"),
        ("spi-mhz = 32", "spi-mhz: 32 is out of range; 1 to 10"),
        (
            "backlight-pin = 18",
            "backlight-pin: a ssd1306 has no such key; it takes name, kind, spi-bus, spi-select, spi-mhz, dc-pin, reset-pin, rotation",
        ),
    ] {
        assert_eq!(about(&format!("kind = \"ssd1306\"\n{keys}")), format!("andon.toml:3: {expected}"));
    }
}

#[test]
fn a_monitor_needs_no_more_than_its_kind() {
    let panels = read("[[board.panel]]\nkind = \"drm\"");
    let whole = Panel { name: "drm".to_owned(), kind: PanelKind::Drm(Drm::default()) };
    assert_eq!(panels, [whole]);
    assert_eq!((panels[0].size(), panels[0].kind.spi()), ((1920, 1080), None));
    let said = read(
        "[[board.panel]]\nkind = \"drm\"\ncard = \"/dev/dri/card1\"\nconnector = \"HDMI-A-2\"\nsize = \"1280x720\"\n\
         [[board.panel]]\nkind = \"drm\"\ncard = \"/dev/dri/card0\"\n",
    );
    let PanelKind::Drm(drm) = &said[0].kind else { panic!("{said:?}") };
    assert_eq!(drm.card.as_deref(), Some(Path::new("/dev/dri/card1")));
    assert_eq!((drm.connector.as_deref(), said[0].size()), (Some("HDMI-A-2"), (1280, 720)));
}

#[test]
fn each_wrong_key_of_a_monitor_is_told_with_the_way_out() {
    for (keys, expected) in [
        ("spi-bus = 0", "spi-bus: a drm has no such key; it takes name, kind, card, connector, size"),
        ("card = \"card0\"", "card: `card0` is no device; a whole path, such as /dev/dri/card0"),
        (
            "connector = \"HDMI\"",
            "connector: `HDMI` is no connector; a kind and a number, such as HDMI-A-1: `ls /sys/class/drm` lists them after the card's name",
        ),
        ("size = \"full\"", "size: `full` is no size; columns x rows, such as 480x320"),
    ] {
        assert_eq!(about(&format!("kind = \"drm\"\n{keys}")), format!("andon.toml:3: {expected}"));
    }
    let large = about("kind = \"drm\"\nsize = \"7680x4320\"");
    assert!(
        large.starts_with("andon.toml:3: size: no layout of the wall serves a panel of 7680x4320"),
        "{large}"
    );
    let on_max7219 = about("kind = \"max7219\"\ncard = \"/dev/dri/card0\"");
    assert!(on_max7219.starts_with("andon.toml:3: card: a max7219 has no such key"), "{on_max7219}");
}

#[test]
fn two_monitors_are_at_two_cards() {
    for (first, second) in [
        ("", ""),
        ("card = \"/dev/dri/card0\"", ""),
        ("card = \"/dev/dri/card0\"", "card = \"/dev/dri/card0\""),
    ] {
        let both = complaint(&format!(
            "[[board.panel]]\nkind = \"drm\"\n{first}\n[[board.panel]]\nkind = \"drm\"\n{second}\n"
        ));
        let line = if second.is_empty() { 4 } else { 6 };
        assert_eq!(
            both,
            format!(
                "andon.toml:{line}: card: the panels `drm` and `drm-2` may both be at one graphics card; each says a card of its own"
            )
        );
    }
}

#[test]
fn a_lamp_is_on_no_panels_pin() {
    let lamps = "[board.signals]\nred-pin = 22\namber-pin = 23\ngreen-pin = 25\nbuzzer-pin = 27\n";
    assert_eq!(
        complaint(&format!("[[board.panel]]\nkind = \"st7796\"\n{lamps}")),
        "andon.toml:6: green-pin: pin 25 is used by dc-pin of the panel `st7796` and green-pin; each part has its own"
    );
    assert_eq!(
        complaint(&format!("[[board.panel]]\nkind = \"st7796\"\n{}", lamps.replace("25", "8"))),
        "andon.toml:6: green-pin: pin 8 is used by SPI bus 0 and green-pin; each part has its own"
    );
    assert_eq!(
        complaint(&lamps.replace("22", "99")),
        "andon.toml:2: red-pin: pin 99 is not to be had on the 40-pin header; BCM numbers are 2 to 27"
    );
}
