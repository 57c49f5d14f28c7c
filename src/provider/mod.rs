//! The protocol of custom payment providers: what HighLevel's checkout, HighLevel's server and a provider say to each other.
//!
//! [`message`] is what the frame of a payment page and the checkout around it post, [`query`] what HighLevel asks of a
//! provider's queryUrl, [`push`] what a provider tells of its own accord, [`snapshot`] how either
//! shows a charge or a subscription, [`money`] how amounts become minor units, [`user`] who looks at a page of the app.
//! Source: HighLevel's article "How to build a custom payments integration on the platform" (155000002620).

pub mod message;
pub mod money;
pub mod push;
pub mod query;
pub mod snapshot;
pub mod user;
