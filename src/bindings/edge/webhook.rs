//! The exports for webhooks.
