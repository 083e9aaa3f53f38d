//! The wall: from the desk to a scene, and from a scene to panels, lamps and buzzer.

mod beacon;
mod brightness;
mod button;
pub(crate) mod chunks;
mod drivers;
mod erased;
#[cfg(test)]
mod guide;
mod health;
mod lamps;
pub mod live;
mod painter;
mod panels;
mod parts;
pub mod parts_test;
mod pi;
mod pictures;
mod pulse;
pub mod quiet;
mod safe;
pub mod scene;
mod screen;
mod slot;
pub mod state;
mod teller;
mod trace;
mod wall;

pub use brightness::Brightness;
pub use live::Live;
pub use parts::Parts;
pub use parts_test::PartsTest;
pub use pictures::Pictures;
pub use quiet::QuietHours;
pub use safe::leave_safe;
pub use state::{BoardState, Glance};
pub use trace::Trace;
pub use wall::Wall;
