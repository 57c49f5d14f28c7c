//! The decisions of an app that holds tokens of many locations.
