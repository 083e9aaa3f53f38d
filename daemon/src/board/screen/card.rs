//! The graphics card: which one, what is connected to it, and the right to set what it shows.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use drm::Device as _;
use drm::control::{Device as _, Mode, ModeTypeFlags, connector, crtc, framebuffer};

use crate::config::Drm;

/// Where the kernel has its cards.
const CARDS: &str = "/dev/dri";

/// Why a card does not show the wall.
#[derive(Debug, thiserror::Error)]
pub(super) enum CardError {
    /// The kernel knows no card.
    #[error("there is no card in {directory}; is its driver on (dtoverlay=vc4-kms-v3d in config.txt)?", directory = directory.display())]
    NoCard {
        /// Where cards are looked for.
        directory: PathBuf,
    },
    /// A card cannot be opened.
    #[error("cannot open {card}; is its driver on (dtoverlay=vc4-kms-v3d in config.txt), and is the daemon in the group video?", card = card.display())]
    Open {
        /// Which.
        card: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A card has no connectors, or what was opened is none.
    #[error("{card} drives no monitor; `ls /sys/class/drm` lists the cards with their connectors", card = card.display())]
    Drives {
        /// Which.
        card: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// No monitor where one is to be.
    #[error("no monitor is connected to {place}; is it switched on, and is its cable in?")]
    NoMonitor {
        /// Where.
        place: String,
    },
    /// The card has no such connector.
    #[error("{card} has no connector {name}; it has {known}", card = card.display())]
    NoConnector {
        /// Which card.
        card: PathBuf,
        /// Which connector.
        name: String,
        /// Those it has.
        known: String,
    },
    /// The monitor is too small for the wall.
    #[error(
        "the monitor at {name} shows at most {columns}x{rows}; say size = \"{columns}x{rows}\" or restart andond"
    )]
    Small {
        /// Its connector.
        name: String,
        /// Columns that it shows.
        columns: u16,
        /// Rows that it shows.
        rows: u16,
    },
    /// Everything that could drive the connector is taken.
    #[error("{card} has nothing left to drive {name}; unplug another monitor", card = card.display())]
    Busy {
        /// Which card.
        card: PathBuf,
        /// Which connector.
        name: String,
    },
    /// Another program sets what the card shows.
    #[error("another program holds {card}; end the desktop (sudo systemctl isolate multi-user.target)", card = card.display())]
    Held {
        /// Which.
        card: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The card shows something else.
    #[error("another program took {card}", card = card.display())]
    Lost {
        /// Which.
        card: PathBuf,
    },
    /// The card does not take a picture.
    #[error("{card} does not take the picture", card = card.display())]
    Picture {
        /// Which.
        card: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
}

/// A card that is open.
#[derive(Debug)]
pub(super) struct Card {
    path: PathBuf,
    file: File,
}

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl drm::Device for Card {}
impl drm::control::Device for Card {}

/// A connector with a monitor, and what drives it.
pub(super) struct Output {
    connector: connector::Handle,
    name: String,
    crtc: crtc::Handle,
    pub(super) mode: Mode,
}

/// The modes of a monitor, as it lists them.
pub(super) struct Modes(Vec<Mode>);

/// Whom to ask what is connected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    /// What it found last, which is at once.
    Kernel,
    /// The monitor, which may take its time: the kernel may not have looked since it was plugged in.
    Monitor,
}

impl Modes {
    /// Those of the monitor at a connector; none where it said none.
    pub(super) fn of(connector: &connector::Info) -> Self {
        Self(connector.modes().to_vec())
    }

    /// Columns and rows of the mode that the monitor prefers.
    pub(super) fn preferred(&self) -> Option<(u16, u16)> {
        let sizes: Vec<_> = self.sizes().collect();
        best(&sizes, None).map(|place| sizes[place].0)
    }

    /// The mode for a wall of this size.
    fn showing(&self, wall: (u16, u16)) -> Option<Mode> {
        let sizes: Vec<_> = self.sizes().collect();
        best(&sizes, Some(wall)).map(|place| self.0[place])
    }

    fn sizes(&self) -> impl Iterator<Item = ((u16, u16), bool)> {
        self.0.iter().map(|mode| (mode.size(), mode.mode_type().contains(ModeTypeFlags::PREFERRED)))
    }
}

/// Which of the sizes, some of them preferred, is best for a wall: its own, else the preferred or the first that it fits into.
/// Without a wall the preferred or the first.
pub(super) fn best(sizes: &[((u16, u16), bool)], wall: Option<(u16, u16)>) -> Option<usize> {
    let fits = |size: (u16, u16)| wall.is_none_or(|wall| size.0 >= wall.0 && size.1 >= wall.1);
    let exact = sizes.iter().position(|(size, _)| Some(*size) == wall);
    let preferred = || sizes.iter().position(|(size, is_preferred)| *is_preferred && fits(*size));
    exact.or_else(preferred).or_else(|| sizes.iter().position(|(size, _)| fits(*size)))
}

impl Card {
    /// The card that the configuration says, or the first with a monitor; and the monitor's connector.
    pub(super) fn find(drm: &Drm, ask: Ask) -> Result<(Self, connector::Info), CardError> {
        Self::find_in(Path::new(CARDS), drm, ask)
    }

    pub(super) fn find_in(
        directory: &Path,
        drm: &Drm,
        ask: Ask,
    ) -> Result<(Self, connector::Info), CardError> {
        let wanted = drm.connector.as_deref();
        if let Some(path) = &drm.card {
            return Self::with_monitor(path, wanted, ask);
        }
        let mut why = None;
        for path in cards(directory) {
            match Self::with_monitor(&path, wanted, ask) {
                Ok(found) => return Ok(found),
                // A Pi has a second card, which only computes: what the one with connectors said is what helps.
                Err(error) if why.is_none() || !matches!(error, CardError::Drives { .. }) => {
                    why = Some(error);
                }
                Err(_) => {}
            }
        }
        Err(why.unwrap_or_else(|| CardError::NoCard { directory: directory.to_owned() }))
    }

    fn with_monitor(
        path: &Path,
        wanted: Option<&str>,
        ask: Ask,
    ) -> Result<(Self, connector::Info), CardError> {
        let file = File::options().read(true).write(true).open(path);
        let file = file.map_err(|source| CardError::Open { card: path.to_owned(), source })?;
        let card = Self { path: path.to_owned(), file };
        let connector = card.connector(wanted, ask)?;
        Ok((card, connector))
    }

    /// The connector of this name, or the first with a monitor.
    fn connector(&self, wanted: Option<&str>, ask: Ask) -> Result<connector::Info, CardError> {
        let drives = |source| CardError::Drives { card: self.path(), source };
        let handles = self.resource_handles().map_err(drives)?;
        let connectors = handles
            .connectors()
            .iter()
            .map(|handle| self.get_connector(*handle, matches!(ask, Ask::Monitor)));
        let connectors = connectors.collect::<io::Result<Vec<_>>>().map_err(drives)?;
        let names: Vec<_> = connectors.iter().map(name_of).collect();
        let is_connected = |info: &connector::Info| info.state() == connector::State::Connected;
        let Some(wanted) = wanted else {
            let place = || format!("{} ({})", self.path.display(), names.join(", "));
            let first = connectors.into_iter().find(is_connected);
            return first.ok_or_else(|| CardError::NoMonitor { place: place() });
        };
        let found = connectors.into_iter().find(|info| name_of(info) == wanted).ok_or_else(|| {
            CardError::NoConnector { card: self.path(), name: wanted.to_owned(), known: names.join(", ") }
        })?;
        if is_connected(&found) { Ok(found) } else { Err(CardError::NoMonitor { place: wanted.to_owned() }) }
    }

    /// What shows a wall of this size.
    pub(super) fn output(&self, connector: &connector::Info, size: (u16, u16)) -> Result<Output, CardError> {
        let name = name_of(connector);
        let modes = Modes::of(connector);
        let Some(mode) = modes.showing(size) else {
            let Some((columns, rows)) = modes.preferred() else {
                return Err(CardError::NoMonitor { place: name });
            };
            return Err(CardError::Small { name, columns, rows });
        };
        let crtc = self.crtc(connector).map_err(|source| CardError::Drives { card: self.path(), source })?;
        let crtc = crtc.ok_or_else(|| CardError::Busy { card: self.path(), name: name.clone() })?;
        Ok(Output { connector: connector.handle(), name, crtc, mode })
    }

    /// What drives the connector now, else the first that can and drives nothing.
    fn crtc(&self, connector: &connector::Info) -> io::Result<Option<crtc::Handle>> {
        if let Some(encoder) = connector.current_encoder()
            && let Some(crtc) = self.get_encoder(encoder)?.crtc()
        {
            return Ok(Some(crtc));
        }
        let handles = self.resource_handles()?;
        for encoder in connector.encoders() {
            for crtc in handles.filter_crtcs(self.get_encoder(*encoder)?.possible_crtcs()) {
                if self.get_crtc(crtc)?.mode().is_none() {
                    return Ok(Some(crtc));
                }
            }
        }
        Ok(None)
    }

    /// Takes the right to set what the card shows.
    pub(super) fn take(&self) -> Result<(), CardError> {
        self.acquire_master_lock().map_err(|source| CardError::Held { card: self.path(), source })
    }

    /// Has the monitor show a picture.
    pub(super) fn show(&self, output: &Output, picture: framebuffer::Handle) -> Result<(), CardError> {
        let Output { connector, crtc, mode, .. } = output;
        self.set_crtc(*crtc, Some(picture), (0, 0), &[*connector], Some(*mode))
            .map_err(|source| CardError::Held { card: self.path(), source })
    }

    /// Whether the monitor is there and shows that picture.
    pub(super) fn is_shown(&self, output: &Output, picture: framebuffer::Handle) -> Result<(), CardError> {
        let fails = |source| CardError::Picture { card: self.path(), source };
        // As the kernel knows it: asking the monitor takes as long as a picture.
        let connector = self.get_connector(output.connector, false).map_err(fails)?;
        if connector.state() != connector::State::Connected {
            return Err(CardError::NoMonitor { place: output.name.clone() });
        }
        match self.get_crtc(output.crtc).map_err(fails)?.framebuffer() {
            Some(shown) if shown == picture => Ok(()),
            Some(_) | None => Err(CardError::Lost { card: self.path() }),
        }
    }

    /// Its device.
    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }
}

/// The cards, by their numbers.
fn cards(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix("card")?.parse::<u32>().ok();
    let mut cards: Vec<_> =
        entries.filter_map(|entry| Some((number(&entry.path())?, entry.path()))).collect();
    cards.sort();
    cards.into_iter().map(|(_, path)| path).collect()
}

/// As the kernel names it in /sys/class/drm, after the card.
fn name_of(connector: &connector::Info) -> String {
    format!("{}-{}", connector.interface().as_str(), connector.interface_id())
}
