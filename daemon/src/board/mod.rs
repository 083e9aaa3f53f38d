//! The wall: from the desk to a scene, and from a scene to panels, lamps and buzzer.

mod beacon;
mod erased;
mod health;
pub mod live;
mod panels;
mod pi;
pub mod scene;
pub mod state;
mod trace;
mod wall;

pub use live::Live;
pub use panels::Picture;
pub use state::{BoardState, Glance};
pub use trace::Trace;
pub use wall::Wall;
