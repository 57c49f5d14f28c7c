//! What a payment page in HighLevel's checkout and the checkout around it post to each other.
