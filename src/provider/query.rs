//! What HighLevel's server asks of a provider's queryUrl, and what a provider answers.
