//! The wall.
#![no_std]
