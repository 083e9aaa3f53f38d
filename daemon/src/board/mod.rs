//! The wall: from the desk to a scene, and from a scene to panels, lamps and buzzer.

mod erased;
mod pi;
pub mod scene;
pub mod state;
mod trace;
mod wall;

pub use state::{BoardState, Glance};
pub use trace::Trace;
pub use wall::{Picture, Wall};
