//! The wall: from the desk to a scene, and from a scene to panels, lamps and buzzer.

pub mod state;

pub use state::BoardState;
