//! The exports of the edge. The TypeScript in `pkg-template/src/edge` turns them into the public surface.

mod oauth;
mod provider;
mod proxy;
mod query;
mod sync;
mod webhook;

pub(super) use provider::Pushed;
pub(super) use proxy::Proxied;
