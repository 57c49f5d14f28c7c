//! What a provider tells HighLevel of its own accord.
