//! What the locations hold: rows, the state made of them, the seed that they begin with.

pub mod catalog;
pub mod deleted;
pub mod rows;
pub mod seed;
pub mod state;
