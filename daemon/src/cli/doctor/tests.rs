use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;
use crate::config::{Board, Drm, PanelKind};
use crate::run::time::Proof;

const PANEL: &str = "[[board.panel]]\nkind = \"st7796\"\n";
const LAMPS: &str = "[board.signals]\nred-pin = 17\namber-pin = 27\ngreen-pin = 22\nbuzzer-pin = 23\n";

/// A file system in a directory of its own: a Pi on which everything is as it should be.
struct Box {
    dir: tempfile::TempDir,
}

impl Box {
    fn new() -> Self {
        let this = Self { dir: tempfile::tempdir().expect("a directory") };
        // Devices are plain files of whoever runs the test, so that is whose group they are.
        let gid = fs::metadata(this.dir.path()).expect("it is there").gid();
        this.write("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0");
        this.write("boot/firmware/config.txt", "# by hand\ndtparam=audio=on\ndtparam=spi=on # the panel\n");
        this.write("sys/module/spidev/parameters/bufsiz", "4096\n");
        this.write(
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\nandon:x:991:990::/var/lib/andon:/usr/sbin/nologin\n",
        );
        this.write(
            "etc/group",
            &format!("root:x:0:\nspi:x:998:pi,andon\ngpio:x:{gid}:andon\nandon:x:990:\n"),
        );
        this.write(
            "sys/kernel/debug/gpio",
            " gpio-529 (GPIO17              )\n gpio-539 (GPIO27              |)\n",
        );
        for device in ["spidev0.0", "gpiomem0", "gpiochip0", "gpiochip10"] {
            this.write(&format!("dev/{device}"), "");
            this.mode(&format!("dev/{device}"), 0o660);
        }
        this
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.dir.path().join(path)).expect("it was there");
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.dir.path().join(path), fs::Permissions::from_mode(mode))
            .expect("it is ours");
    }

    /// All that is found of the wall with this configuration.
    fn findings(&self, config: &str) -> Vec<Finding> {
        let config = Config::parse(Path::new("andon.toml"), config).expect("it is whole");
        let mut findings = Vec::new();
        pi::look(&Tree::new(self.dir.path()), &config.board, &mut findings);
        findings
    }

    /// The one thing that is wrong, and how it is mended.
    fn wrong(&self, config: &str) -> (String, String) {
        let findings = self.findings(config);
        let wrong: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Wrong).collect();
        let [finding] = wrong.as_slice() else { panic!("{findings:#?}") };
        (finding.what.clone(), finding.mend.clone().expect("what is wrong can be mended"))
    }
}

#[test]
fn on_a_pi_that_is_set_up_nothing_is_wrong() {
    let findings = Box::new().findings(&format!("{PANEL}{LAMPS}"));
    assert!(findings.iter().all(|finding| finding.severity != Severity::Wrong), "{findings:#?}");
    let honest =
        findings.iter().find(|finding| finding.severity == Severity::Note).expect("one thing is not known");
    assert!(honest.what.contains("whether a st7796 is at /dev/spidev0.0 cannot be known"), "{honest}");
}

#[test]
fn a_wall_in_a_browser_needs_no_pi() {
    let nowhere = Box { dir: tempfile::tempdir().expect("a directory") };
    assert_eq!(nowhere.findings(""), [Finding::fine("pi", "the wall has no part on a bus or a pin")]);
}

#[test]
fn parts_on_pins_need_a_pi() {
    let this = Box::new();
    this.write("proc/device-tree/model", "OrangePi 5\0");
    let (what, mend) = this.wrong(PANEL);
    assert!(what.starts_with("this is no Raspberry Pi (it is a OrangePi 5)"), "{what}");
    assert!(mend.contains("/board in a browser"), "{mend}");
}

#[test]
fn a_bus_that_is_off_is_switched_on_by_the_line_that_is_told() {
    let this = Box::new();
    this.remove("dev/spidev0.0");
    this.write("boot/firmware/config.txt", "#dtparam=spi=on\n");
    let (what, mend) = this.wrong(PANEL);
    assert_eq!(what, "SPI bus 0 is not switched on: there is no /dev/spidev0.0 for the panel `st7796`");
    assert_eq!(mend, "echo dtparam=spi=on | sudo tee -a /boot/firmware/config.txt && sudo reboot");

    this.write("boot/firmware/config.txt", "dtparam=spi=on\n");
    let (what, mend) = this.wrong(PANEL);
    assert!(what.ends_with("though /boot/firmware/config.txt says dtparam=spi=on"), "{what}");
    assert_eq!(mend, "sudo reboot");

    let second = format!("{PANEL}spi-bus = 1\nspi-select = 2\n");
    let (_, mend) = this.wrong(&second);
    assert_eq!(mend, "echo dtoverlay=spi1-3cs | sudo tee -a /boot/firmware/config.txt && sudo reboot");
    this.remove("boot/firmware/config.txt");
    this.write("boot/config.txt", "");
    assert_eq!(
        this.wrong(&second).1,
        "echo dtoverlay=spi1-3cs | sudo tee -a /boot/config.txt && sudo reboot"
    );
}

#[test]
fn a_chip_select_that_another_driver_has_is_told_with_its_name() {
    let this = Box::new();
    this.remove("dev/spidev0.0");
    let device = this.dir.path().join("sys/bus/spi/devices/spi0.0");
    fs::create_dir_all(&device).expect("a directory");
    std::os::unix::fs::symlink("../../../../bus/spi/drivers/fb_ili9341", device.join("driver"))
        .expect("a link");
    let (what, mend) = this.wrong(PANEL);
    assert_eq!(what, "the panel `st7796` is at /dev/spidev0.0, which the driver fb_ili9341 has taken");
    assert!(mend.contains("dtoverlay of fb_ili9341"), "{mend}");
}

#[test]
fn whoever_runs_the_daemon_is_in_the_groups() {
    let this = Box::new();
    let gid = fs::metadata(this.dir.path()).expect("it is there").gid();
    this.write("etc/group", &format!("spi:x:998:pi\ngpio:x:{gid}:andon\n"));
    let (what, mend) = this.wrong(PANEL);
    assert_eq!(what, "the user andon is not in the group spi");
    assert_eq!(mend, "sudo usermod -aG spi andon && sudo systemctl restart andond");

    this.write("usr/lib/systemd/system/andond.service", "[Service]\nSupplementaryGroups=gpio spi\n");
    assert!(
        this.findings(PANEL).iter().all(|finding| finding.severity != Severity::Wrong),
        "the unit puts it there"
    );

    this.write("etc/group", &format!("gpio:x:{gid}:andon\n"));
    let (what, mend) = this.wrong(PANEL);
    assert_eq!(what, "there is no group spi, and andond.service does not start without it");
    assert_eq!(mend, "sudo groupadd --system spi");
}

#[test]
fn every_chip_of_pins_has_to_be_allowed() {
    let this = Box::new();
    this.mode("dev/gpiochip10", 0o600);
    let (what, mend) = this.wrong(LAMPS);
    assert_eq!(what, "the group gpio may not use /dev/gpiochip10; all are needed");
    assert!(mend.contains("/etc/udev/rules.d/"), "{mend}");
}

#[test]
fn a_pin_that_another_driver_has_is_told_with_the_part() {
    let this = Box::new();
    this.write(
        "sys/kernel/debug/gpio",
        " gpio-529 (GPIO17              |spi0 CS1            ) out hi ACTIVE LOW\n",
    );
    let (what, _) = this.wrong(LAMPS);
    assert_eq!(what, "pin 17 (red-pin) is taken by spi0 CS1");
    this.remove("sys/kernel/debug/gpio");
    let findings = this.findings(LAMPS);
    let note = findings.iter().find(|finding| finding.about == "pins").expect("it is told");
    assert_eq!((note.severity, note.mend.as_deref()), (Severity::Note, Some("sudo andonctl doctor")));
}

#[test]
fn a_small_buffer_of_the_bus_is_told_with_what_it_costs() {
    let this = Box::new();
    let of = |bytes: &str| {
        this.write("sys/module/spidev/parameters/bufsiz", bytes);
        let findings = this.findings(PANEL);
        findings.into_iter().find(|finding| finding.what.contains("at once")).expect("it is told")
    };
    assert!(of("4096").what.ends_with("is 75 transfers"));
    assert_eq!(of("4096").severity, Severity::Fine);
    let small = of("1024");
    assert!(small.what.ends_with("is 300 transfers"), "{small}");
    assert!(small.mend.is_some_and(|mend| mend.contains("spidev.bufsiz=65536")));
}

#[test]
fn a_disk_that_is_nearly_full_and_a_clock_that_is_not_right_are_wrong() {
    let dir = Path::new("/var/lib/andon");
    let severities: Vec<_> =
        [63 << 20, 64 << 20, 512 << 20].map(|left| here::room(dir, left).severity).to_vec();
    assert_eq!(severities, [Severity::Wrong, Severity::Note, Severity::Fine]);
    let plausible = here::clock(Some(false), Proof::Plausible);
    assert_eq!(plausible.severity, Severity::Note, "terms run out all the same");
    let of = |synchronised| here::clock(synchronised, Proof::Synchronised).severity;
    assert_eq!(
        [of(Some(true)), of(Some(false)), of(None)],
        [Severity::Fine, Severity::Wrong, Severity::Note]
    );
}

#[test]
fn a_configuration_that_is_wrong_is_told_and_the_rest_is_looked_at_all_the_same() {
    let this = Box::new();
    let tree = Tree::new(this.dir.path());
    let mut findings = Vec::new();
    configuration(None, &tree, &mut findings);
    assert_eq!(findings[0].severity, Severity::Fine, "none is the default");
    this.write("etc/andon/andon.toml", "[[board.panel]]\nkind = \"st7769\"\n");
    let config = configuration(None, &tree, &mut findings);
    assert_eq!(config.board.panels.len(), 1);
    assert_eq!(findings[1].severity, Severity::Wrong);
    assert!(findings[1].what.contains("andon.toml:2: kind: unknown kind `st7769`"), "{}", findings[1]);
    assert!(findings[1].mend.as_deref().is_some_and(|mend| mend.ends_with("etc/andon/andon.toml")));
    this.write("etc/andon/andon.toml", "");
    this.write("etc/andon/andon.d/60-site.toml", "zone = 7\n");
    configuration(None, &tree, &mut findings);
    let mend = findings[2].mend.as_deref();
    assert!(mend.is_some_and(|mend| mend.ends_with("andon.d/60-site.toml")), "{}", findings[2]);
}

#[test]
fn the_books_of_an_installed_daemon_are_looked_at_where_its_unit_has_them() {
    let this = Box::new();
    let tree = Tree::new(this.dir.path());
    let default = Config::default();
    assert_eq!(state_dir(&default, &tree), default.state_dir, "nothing is installed");
    this.write("var/lib/andon/format", "");
    assert_eq!(state_dir(&default, &tree), this.dir.path().join("var/lib/andon"));
    let elsewhere = Config { state_dir: this.dir.path().join("etc"), ..Config::default() };
    assert_eq!(state_dir(&elsewhere, &tree), elsewhere.state_dir, "it is there");
}

#[test]
fn an_old_backup_is_wrong_and_none_is_told_where_there_ought_to_be_one() {
    let this = Box::new();
    let look = |today: &str| {
        let mut findings = Vec::new();
        backups::look(&Tree::new(this.dir.path()), today.parse().expect("a day"), &mut findings);
        findings
    };
    assert_eq!(look("2026-11-22"), [], "nothing is installed here");
    this.write("usr/lib/systemd/system/andon-backup.timer", "");
    assert_eq!(look("2026-11-22")[0].severity, Severity::Note);
    this.write("var/backups/andon/andon-2026-11-19.tar.gz", "");
    this.write("var/backups/andon/andon-2026-11-30.tar.gz.partial", "");
    assert_eq!(look("2026-11-22")[0].severity, Severity::Fine);
    let old = &look("2026-11-23")[0];
    assert_eq!(old.severity, Severity::Wrong);
    assert!(old.what.ends_with("is of 2026-11-19, 4 days old"), "{old}");
}

#[test]
fn a_secret_that_everybody_may_open_is_wrong() {
    let this = Box::new();
    this.write("etc/andon/sealed-key", "x");
    let text =
        format!("[sealed]\nkey-file = \"{}\"\n", this.dir.path().join("etc/andon/sealed-key").display());
    let config = Config::parse(Path::new("andon.toml"), &text).expect("it is whole");
    let severity = |mode| {
        this.mode("etc/andon/sealed-key", mode);
        let mut findings = Vec::new();
        keys::look(&config, Path::new("/nowhere"), &mut findings);
        findings.remove(0).severity
    };
    assert_eq!(
        [severity(0o644), severity(0o602), severity(0o640)],
        [Severity::Wrong, Severity::Wrong, Severity::Fine]
    );
}

#[test]
fn an_address_that_another_program_has_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let listen = taken.local_addr().expect("it has one");
    let mut findings = Vec::new();
    desk::address(listen, &mut findings);
    assert_eq!(findings[0].severity, Severity::Wrong);
    assert!(findings[0].mend.as_deref().is_some_and(|mend| mend.contains(&listen.port().to_string())));
    desk::address("192.0.2.1:1".parse().expect("an address for documents"), &mut findings);
    assert!(findings[1].what.contains("no address 192.0.2.1"), "{}", findings[1]);
    desk::address("127.0.0.1:0".parse().expect("any free one"), &mut findings);
    assert_eq!(findings[2].severity, Severity::Fine);
}

#[test]
fn books_of_a_newer_version_are_told_with_the_way_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut findings = Vec::new();
    desk::books(dir.path(), &mut findings);
    assert_eq!(findings, [], "there are none yet");
    fs::write(dir.path().join("format"), "{\"format\": 9999, \"program\": \"9.0.0\"}").expect("a file");
    desk::books(dir.path(), &mut findings);
    assert_eq!(findings[0].severity, Severity::Wrong);
    assert!(findings[0].what.contains("written by andond 9.0.0"), "{}", findings[0]);
    fs::write(dir.path().join("format"), "rubbish").expect("a file");
    desk::books(dir.path(), &mut findings);
    assert!(findings[1].what.contains("is damaged"), "{}", findings[1]);
}

#[test]
fn a_calendar_without_the_coming_year_is_told_in_time() {
    let look = |now: &str| {
        let mut findings = Vec::new();
        let now = calendars::Timestamp::parse_rfc3339(now).expect("a time");
        desk::calendars(&Config::default(), Path::new("."), now, &mut findings);
        findings.remove(0)
    };
    assert_eq!(look("2026-12-31T10:00:00Z").severity, Severity::Fine);
    let lacks = look("2035-01-01T10:00:00Z");
    assert_eq!(lacks.severity, Severity::Wrong);
    assert!(lacks.what.contains("getmark/"), "{lacks}");
}

#[test]
fn a_monitor_needs_the_group_video_and_a_card() {
    let this = Box::new();
    let mut board = Board::default();
    board.panels[0].kind = PanelKind::Drm(Drm { card: None, connector: None, size: None });
    let look = || {
        let mut findings = Vec::new();
        pi::look(&Tree::new(this.dir.path()), &board, &mut findings);
        findings
            .into_iter()
            .filter(|found| found.severity == Severity::Wrong)
            .map(|found| found.what)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        look(),
        ["there is no group video", "there is no graphics card /dev/dri/card… for the monitor"]
    );
    this.write("etc/group", "video:x:44:andon\n");
    this.write("dev/dri/card1", "");
    assert_eq!(look(), [] as [String; 0]);
}
