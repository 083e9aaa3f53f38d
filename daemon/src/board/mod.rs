//! The wall: from the desk to a scene, and from a scene to panels, lamps and buzzer.

mod beacon;
mod drivers;
mod erased;
mod health;
mod panels;
mod pi;
mod pictures;
pub mod scene;
mod slot;
pub mod state;
mod trace;
mod wall;

pub use pictures::Pictures;
pub use state::{BoardState, Glance};
pub use trace::Trace;
pub use wall::Wall;
