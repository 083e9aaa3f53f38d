//! The wall: from the desk to a scene, and from a scene to panels, lamps and buzzer.

mod beacon;
pub(crate) mod chunks;
mod drivers;
mod erased;
mod health;
mod panels;
mod parts;
pub mod parts_test;
mod pi;
mod pictures;
pub mod scene;
mod slot;
pub mod state;
mod trace;
mod wall;

pub use parts::Parts;
pub use parts_test::PartsTest;
pub use pictures::Pictures;
pub use state::{BoardState, Glance};
pub use trace::Trace;
pub use wall::Wall;
