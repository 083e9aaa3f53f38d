//! What the tests share: a desk as a world, with a clock that moves only when told.

pub mod time;
pub mod world;

pub use world::World;
