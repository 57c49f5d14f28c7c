//! The sync of a company's locations: what is read next, when a location's turn is, and what becomes of what was read.
//!
//! A [`Location`] says what its object does next and takes what came of it, one *chunk* of pages after the other: whatever is
//! cut off anywhere is read again, and nothing counts before it is told here. [`admit`], [`place`] and [`watch`] are what a
//! company decides, so that no location makes another wait. A [`Gate`] spaces the requests of one location and survives
//! restarts. [`rows`] makes rows of a database and lines of a file out of records, [`shard`] says which database they go to.
//!
//! Nothing here does I/O, and the time is an argument: milliseconds since 1970.

mod admit;
mod day;
mod gate;
mod location;
mod rows;
mod shard;
mod state;
mod stream;
mod time;

#[cfg(test)]
mod model;
#[cfg(test)]
mod table;

pub use admit::{admit, place, watch, Admitted, Arrival, Placed, Running, Waiting, Watched};
pub use gate::{Asked, Gate};
pub use location::{Chunk, Failure, File, Job, Start, Started, Then, Verified};
pub use rows::{rows, Rows};
pub use shard::shard;
pub use state::{Location, Mode, Phase, Reading};
pub use stream::Stream;
