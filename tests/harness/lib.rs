//! What the tests share: a desk as a world, with a clock that moves only when told; the real binary; and a disk whose
//! power can be cut.

pub mod daemon;
pub mod disk;
pub mod load;
pub mod seed;
pub mod time;
pub mod world;

pub use daemon::Daemon;
pub use world::World;
