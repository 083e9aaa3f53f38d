//! What the wall needs of a Raspberry Pi: buses, pins, rights.

use super::finding::Finding;
use super::tree::Tree;
use crate::board::chunks;
use crate::config::{Board, PanelKind, SignalPins, Spi};

/// Whom the daemon runs as, where it is installed.
const USER: &str = "andon";
/// Where the firmware's configuration is: of today's systems, and of those before.
const BOOT: [&str; 2] = ["boot/firmware/config.txt", "boot/config.txt"];
/// What a full picture of 480x320 takes.
const PICTURE_BYTES: usize = 307_200;

/// Looks at all that the wall's parts need.
pub(super) fn look(tree: &Tree, board: &Board, findings: &mut Vec<Finding>) {
    let buses = buses(board);
    let pins = pins(board);
    if buses.is_empty() && pins.is_empty() {
        findings.push(Finding::fine("pi", "the wall has no part on a bus or a pin"));
    } else {
        model(tree, findings);
    }
    for (part, at) in &buses {
        bus(tree, part, *at, findings);
    }
    if !buses.is_empty() {
        buffer(tree, findings);
        group(tree, "spi", findings);
    }
    if board.panels.iter().any(|panel| matches!(panel.kind, PanelKind::Drm(_))) {
        group(tree, "video", findings);
        if !tree.names("dev/dri").iter().any(|name| name.starts_with("card")) {
            let mend = format!("sudo nano {}   # dtoverlay=vc4-kms-v3d, then reboot", boot(tree));
            findings.push(Finding::wrong(
                "video",
                "there is no graphics card /dev/dri/card… for the monitor",
                mend,
            ));
        }
    }
    if !pins.is_empty() {
        chips(tree, findings);
        group(tree, "gpio", findings);
        taken(tree, &pins, findings);
    }
}

/// Every part on a bus, with its bus and chip select.
fn buses(board: &Board) -> Vec<(Part, (u8, u8))> {
    let panels = board.panels.iter().filter_map(|panel| {
        let Spi { bus, select, .. } = panel.kind.spi()?;
        let part = Part { name: format!("the panel `{}`", panel.name), kind: panel.kind.word() };
        Some((part, (bus, select)))
    });
    let strip = board.strip.map(|strip| {
        (Part { name: "the strip".to_owned(), kind: "strip of lights" }, (strip.bus, strip.select))
    });
    panels.chain(strip).collect()
}

/// A part on a bus.
struct Part {
    name: String,
    /// What ought to be there.
    kind: &'static str,
}

/// Every pin of a part, with the part.
fn pins(board: &Board) -> Vec<(u8, String)> {
    let of_panels = board.panels.iter().flat_map(|panel| {
        let pins = panel.kind.pins().into_iter();
        pins.map(|(key, pin)| (pin, format!("{key} of the panel `{}`", panel.name)))
    });
    let of_signals = board.signals.iter().flat_map(SignalPins::pins);
    let of_signals = of_signals.map(|(key, pin)| (pin, key.to_owned()));
    let button = board.button.map(|button| (button.pin, "the button".to_owned()));
    of_panels.chain(of_signals).chain(button).collect()
}

fn model(tree: &Tree, findings: &mut Vec<Finding>) {
    let model = ["proc/device-tree/model", "sys/firmware/devicetree/base/model"];
    match model.iter().find_map(|path| tree.read(path)) {
        Some(model) if model.contains("Raspberry Pi") => findings.push(Finding::fine("pi", model)),
        other => {
            let is = other
                .map_or_else(|| "it says nothing of itself".to_owned(), |model| format!("it is a {model}"));
            findings.push(Finding::wrong(
                "pi",
                format!("this is no Raspberry Pi ({is}), and the configuration has parts on its bus or pins"),
                "take [[board.panel]] and [board.signals] out of the configuration; the wall is at /board in a browser",
            ));
        }
    }
}

fn bus(tree: &Tree, part: &Part, (bus, select): (u8, u8), findings: &mut Vec<Finding>) {
    let Part { name, kind } = part;
    let device = format!("dev/spidev{bus}.{select}");
    if tree.exists(&device) {
        findings.push(Finding::fine("spi", format!("/{device} is there for {name}")));
        findings.push(Finding::note(
            "spi",
            format!(
                "whether a {kind} is at /{device} cannot be known: it is only written to and never answers. andonctl board test shows it"
            ),
        ));
        return;
    }
    let driver = tree.leads_to(&format!("sys/bus/spi/devices/spi{bus}.{select}/driver"));
    if let Some(driver) = driver.filter(|driver| driver != "spidev") {
        let what = format!("{name} is at /{device}, which the driver {driver} has taken");
        let mend = format!("sudo nano {}   # take out the dtoverlay of {driver}, then reboot", boot(tree));
        findings.push(Finding::wrong("spi", what, mend));
        return;
    }
    let line = switch(bus, select);
    let is_said = said(tree).iter().any(|known| known == &line || (bus == 0 && known == "dtparam=spi"));
    let what = format!("SPI bus {bus} is not switched on: there is no /{device} for {name}");
    findings.push(if is_said {
        Finding::wrong("spi", format!("{what}, though {} says {line}", boot(tree)), "sudo reboot")
    } else {
        Finding::wrong("spi", what, format!("echo {line} | sudo tee -a {} && sudo reboot", boot(tree)))
    });
}

/// The line of the firmware's configuration that switches on a bus.
fn switch(bus: u8, select: u8) -> String {
    match bus {
        0 => "dtparam=spi=on".to_owned(),
        _ => format!("dtoverlay=spi{bus}-{}cs", select + 1),
    }
}

fn boot(tree: &Tree) -> String {
    format!("/{}", BOOT.iter().find(|path| tree.exists(path)).unwrap_or(&BOOT[0]))
}

/// The lines of the firmware's configuration, without remarks and options.
fn said(tree: &Tree) -> Vec<String> {
    let text = BOOT.iter().find_map(|path| tree.read(path)).unwrap_or_default();
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_owned());
    lines
        .filter(|line| !line.is_empty())
        .map(|line| line.split(',').next().unwrap_or_default().to_owned())
        .collect()
}

fn buffer(tree: &Tree, findings: &mut Vec<Finding>) {
    let bytes = chunks::limit(&tree.path(""));
    let transfers = PICTURE_BYTES.div_ceil(bytes);
    let what =
        format!("the kernel takes {bytes} bytes at once: a full picture of 480x320 is {transfers} transfers");
    findings.push(if bytes < 4_096 {
        let mend = "sudo sed -i 's/$/ spidev.bufsiz=65536/' /boot/firmware/cmdline.txt && sudo reboot";
        Finding::note("spi", what).mended_by(mend)
    } else {
        Finding::fine("spi", what)
    });
}

/// Whether the daemon's user is in a group.
fn group(tree: &Tree, group: &'static str, findings: &mut Vec<Finding>) {
    if tree.group(group).is_none() {
        let is_asked = tree.unit_groups().iter().any(|known| known == group);
        let why = if is_asked { ", and andond.service does not start without it" } else { "" };
        let mend = format!("sudo groupadd --system {group}");
        findings.push(Finding::wrong(group, format!("there is no group {group}{why}"), mend));
    } else if !tree.has_user(USER) {
        let what = format!(
            "there is no user {USER}: not installed as a package. Whoever runs andond has to be in {group}"
        );
        findings.push(Finding::note(group, what));
    } else if tree.is_in(USER, group) {
        findings.push(Finding::fine(group, format!("the user {USER} is in the group {group}")));
    } else {
        let mend = format!("sudo usermod -aG {group} {USER} && sudo systemctl restart andond");
        findings.push(Finding::wrong(group, format!("the user {USER} is not in the group {group}"), mend));
    }
}

/// Whether the group may use every chip of pins: the library asks them in turn and fails at the first that refuses.
fn chips(tree: &Tree, findings: &mut Vec<Finding>) {
    let devices = tree.names("dev");
    let of =
        |prefix: &str| devices.iter().filter(|name| name.starts_with(prefix)).cloned().collect::<Vec<_>>();
    let (memory, chips) = (of("gpiomem"), of("gpiochip"));
    if memory.is_empty() && chips.is_empty() {
        let what = "there are no pins: neither /dev/gpiomem nor /dev/gpiochip0";
        findings.push(Finding::wrong("gpio", what, "uname -r   # a kernel for the Raspberry Pi has them"));
        return;
    }
    let gid = tree.group("gpio").map(|(gid, _)| gid);
    let refused: Vec<String> = memory
        .iter()
        .chain(&chips)
        .filter(|name| {
            let rights = tree.rights(&format!("dev/{name}"));
            !rights.is_some_and(|rights| rights.all || (rights.group && Some(rights.gid) == gid))
        })
        .map(|name| format!("/dev/{name}"))
        .collect();
    findings.push(if refused.is_empty() {
        Finding::fine("gpio", format!("the group gpio may use {} chips of pins", chips.len()))
    } else {
        Finding::wrong(
            "gpio",
            format!("the group gpio may not use {}; all are needed", refused.join(", ")),
            r#"echo 'SUBSYSTEM=="gpio*", GROUP="gpio", MODE="0660"' | sudo tee /etc/udev/rules.d/60-andon-gpio.rules && sudo udevadm trigger"#,
        )
    });
}

/// Whether another driver is on a pin of ours.
fn taken(tree: &Tree, pins: &[(u8, String)], findings: &mut Vec<Finding>) {
    let Some(text) = tree.read("sys/kernel/debug/gpio") else {
        let what = "which pins other drivers have taken is told to root only";
        findings.push(Finding::note("pins", what).mended_by("sudo andonctl doctor"));
        return;
    };
    let found = findings.len();
    for (pin, part) in pins {
        // ` gpio-529 (GPIO17              |spi0 CS1            ) out hi ACTIVE LOW`
        let consumer = text.lines().find_map(|line| {
            let (_, inside) = line.split_once('(')?;
            let (name, consumer) = inside.split_once(')')?.0.split_once('|')?;
            (name.trim() == format!("GPIO{pin}")).then(|| consumer.trim().to_owned())
        });
        if let Some(consumer) = consumer.filter(|consumer| !consumer.is_empty() && consumer != "sysfs") {
            let what = format!("pin {pin} ({part}) is taken by {consumer}");
            let mend =
                format!("sudo nano {}   # take out its dtoverlay, or give the part another pin", boot(tree));
            findings.push(Finding::wrong("pins", what, mend));
        }
    }
    if findings.len() == found {
        findings.push(Finding::fine(
            "pins",
            format!("no other driver is on one of the wall's {} pins", pins.len()),
        ));
    }
}
