//! What the tests share: a desk as a world, with a clock that moves only when told; and the real binary.

pub mod clock;
pub mod daemon;
pub mod simulated_box;
pub mod time;
pub mod world;

pub use daemon::Daemon;
pub use simulated_box::SimulatedBox;
pub use world::World;
