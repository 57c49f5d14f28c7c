//! OAuth of a HighLevel app: which token a caller gets, when it is refreshed, and how a crash is survived.
//!
//! HighLevel's access tokens live 86,399 s; a refresh token may be used once, and the answer brings the next one. Whoever
//! loses that answer has lost the installation, unless it knew before that it was about to ask. So a row is written before
//! the token endpoint is asked, and every row says what to do next: see [`State`] and [`step`].
//!
//! Nothing here does I/O: time, chance, rows and answers are arguments, and what is to be done comes out as [`Then`].
//! Encryption, hashes and signatures are the caller's as well (in the npm package: WebCrypto).

mod answer;
mod app;
mod installed;
mod machine;
mod owner;
mod pace;
mod post;
mod row;
mod secret;
mod signed;

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod table;
#[cfg(test)]
mod ways;

pub use answer::{Failure, FailureCode};
pub use app::{App, AUTHORIZATION_URL};
pub use installed::Installation;
pub use machine::{step, Event, Progress, Purpose, Step, Then};
pub use owner::Owner;
pub use pace::Pace;
pub use post::{Post, USER_AGENT};
pub use row::{State, Status, UnreadableRow};
pub use secret::Secret;
pub use signed::{BadState, SignedState};
