//! What the tests share: a desk as a world, with a clock that moves only when told; and the real binary.

pub mod daemon;
pub mod time;
pub mod world;

pub use daemon::Daemon;
pub use world::World;
