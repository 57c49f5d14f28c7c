//! The decisions of a server that HighLevel notifies.
