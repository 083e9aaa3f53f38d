//! What the tests share: a desk as a world, with a clock that moves only when told; a disk that loses power, in memory
//! and as a directory; and the real binary.

pub mod browser;
pub mod clock;
pub mod daemon;
pub mod disk;
pub mod load;
pub mod mail_desk;
pub mod mail_server;
pub mod mailbox;
pub mod months;
pub mod needs;
pub mod people;
pub mod postfix;
pub mod random;
pub mod raw;
pub mod receiver;
pub mod sim_disk;
pub mod simulated_box;
pub mod site;
pub mod terminal;
pub mod time;
pub mod tls;
pub mod world;

pub use browser::Browser;
pub use clock::SimulatedClock;
pub use daemon::Daemon;
pub use mail_server::MailServer;
pub use random::Random;
pub use receiver::Receiver;
pub use sim_disk::{Fault, SimDisk};
pub use simulated_box::SimulatedBox;
pub use site::Site;
pub use world::World;
