//! What to do after each step of a payment that is recorded once, as a pure state machine.

use crate::core::Outcome;

/// How often the transactions are read for a payment of which nobody knows whether it was recorded, before it is sent again.
const LOOKS: u32 = 3;

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send the payment.
    Record,
    /// Wait so many milliseconds, then look for it among the transactions of the order.
    Look(u32),
    /// Read the order: where nothing is due any more, the payment must not be sent again.
    Ask,
    /// It is recorded.
    Recorded,
    /// It is not recorded, as far as can be seen.
    NotRecorded,
    /// There are transactions that may be the payment, and nothing tells whether one is.
    Ambiguous,
    /// The last attempt's error is the answer.
    Failed,
}

/// What a look among the transactions came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A transaction that holds the payment's reference.
    Ours,
    /// One that holds it and was refunded or canceled since.
    Refunded,
    /// One that holds it, but is of another amount or mode.
    Reused,
    /// Exactly one that could be the payment; it matches it in all that is shown, but shows no reference.
    Alike,
    /// Several of those, or some of which not everything can be read.
    Unsure,
    /// None that could be it.
    Nothing,
}

/// Where a payment stands.
#[derive(Debug, Clone)]
pub struct Once {
    tries_left: u32,
    delay_ms: u32,
    looks: u32,
    /// Whether an attempt before the last one may have been carried out.
    doubt: bool,
    /// The server said with a status of 2xx that it carried the last attempt out.
    applied: bool,
}

impl Once {
    /// `delay_ms` is the wait before the first look; each further one doubles.
    pub fn new(max_retries: u32, delay_ms: u32) -> Self {
        Self { tries_left: max_retries, delay_ms, looks: 0, doubt: false, applied: false }
    }

    /// Milliseconds from a lost answer to the last look.
    pub fn looks_ms(&self) -> f64 {
        f64::from(self.delay_ms) * f64::from((1_u32 << LOOKS) - 1)
    }

    /// The transactions were read before anything was sent: what an earlier process with the same reference left there.
    pub fn before(found: Found) -> Step {
        match found {
            Found::Ours => Step::Recorded,
            Found::Nothing => Step::Record,
            // What matches may be the earlier process's payment, or somebody else's.
            Found::Refunded | Found::Reused | Found::Alike | Found::Unsure => Step::Ambiguous,
        }
    }

    /// The payment was sent: `None` for a success.
    pub fn sent(&mut self, outcome: Option<Outcome>) -> Step {
        self.looks = 0;
        self.applied = outcome == Some(Outcome::Applied);
        match outcome {
            None => Step::Recorded,
            // What was refused now may be so because the attempt before was carried out late.
            Some(Outcome::NotSent | Outcome::Rejected) if self.doubt => {
                self.tries_left = 0;
                Step::Look(self.delay_ms)
            }
            Some(Outcome::NotSent | Outcome::Rejected) => Step::Failed,
            Some(Outcome::Unknown | Outcome::Applied) => {
                self.doubt = true;
                Step::Look(self.delay_ms)
            }
        }
    }

    /// The transactions were read after the payment was sent.
    pub fn looked(&mut self, found: Found) -> Step {
        self.looks += 1;
        match found {
            Found::Ours => Step::Recorded,
            Found::Refunded | Found::Reused => Step::Ambiguous,
            // The server had acted before it answered, and only one transaction can be what it did.
            Found::Alike if self.applied => Step::Recorded,
            // A server that lost the connection may still be at work, and its payment come to lie beside somebody else's.
            _ if self.looks < LOOKS => Step::Look(self.delay_ms.saturating_mul(1 << self.looks)),
            Found::Alike => Step::Recorded,
            Found::Unsure => Step::Ambiguous,
            // It is there, whoever cannot see it.
            Found::Nothing if self.applied => Step::Failed,
            Found::Nothing => Step::Ask,
        }
    }

    /// The order was read: whether anything is due.
    pub fn asked(&mut self, due: bool) -> Step {
        if !due {
            return Step::Failed;
        }
        if self.tries_left == 0 {
            return Step::NotRecorded;
        }
        self.tries_left -= 1;
        Step::Record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_goes_out_again_only_after_three_looks_and_while_something_is_due() {
        let mut once = Once::new(1, 500);
        assert_eq!(once.sent(Some(Outcome::Unknown)), Step::Look(500));
        assert_eq!(once.looked(Found::Nothing), Step::Look(1000));
        assert_eq!(once.looked(Found::Nothing), Step::Look(2000));
        assert_eq!(once.looked(Found::Nothing), Step::Ask);
        assert_eq!(once.asked(true), Step::Record);
        assert_eq!(once.sent(Some(Outcome::Unknown)), Step::Look(500));
        assert_eq!(once.looked(Found::Ours), Step::Recorded);
        for _ in 0..LOOKS {
            once.looked(Found::Nothing);
        }
        assert_eq!(once.clone().asked(true), Step::NotRecorded, "it was sent as often as it may be");
        assert_eq!(once.asked(false), Step::Failed);
    }

    #[test]
    fn the_looks_of_a_lost_answer_take_as_long_as_it_says() {
        for delay_ms in [0, 1, 500] {
            let mut once = Once::new(0, delay_ms);
            let looks = once.looks_ms();
            let (mut waited, mut step) = (0, once.sent(Some(Outcome::Unknown)));
            while let Step::Look(ms) = step {
                waited += ms;
                step = once.looked(Found::Nothing);
            }
            assert_eq!((step, f64::from(waited)), (Step::Ask, looks));
        }
    }

    #[test]
    fn what_is_certain_is_not_looked_up() {
        let mut once = Once::new(9, 500);
        assert_eq!(once.sent(None), Step::Recorded);
        assert_eq!(once.sent(Some(Outcome::Rejected)), Step::Failed);
        assert_eq!(once.sent(Some(Outcome::NotSent)), Step::Failed);
        assert_eq!(once.sent(Some(Outcome::Unknown)), Step::Look(500));
        assert_eq!(once.sent(Some(Outcome::Rejected)), Step::Look(500), "the one before may have been late");
        for _ in 0..LOOKS {
            once.looked(Found::Nothing);
        }
        assert_eq!(once.asked(true), Step::NotRecorded);
    }

    #[test]
    fn each_finding_has_its_step_before_and_after_the_payment_is_sent() {
        use Step::{Ambiguous, Ask, Failed, Look, Record, Recorded};
        // Found: before; after an outcome that nobody knows, at the first look and at the last; after a lost answer of 2xx.
        for (found, before, first, last, applied_first, applied_last) in [
            (Found::Ours, Recorded, Recorded, Recorded, Recorded, Recorded),
            (Found::Refunded, Ambiguous, Ambiguous, Ambiguous, Ambiguous, Ambiguous),
            (Found::Reused, Ambiguous, Ambiguous, Ambiguous, Ambiguous, Ambiguous),
            (Found::Alike, Ambiguous, Look(1000), Recorded, Recorded, Recorded),
            (Found::Unsure, Ambiguous, Look(1000), Ambiguous, Look(1000), Ambiguous),
            (Found::Nothing, Record, Look(1000), Ask, Look(1000), Failed),
        ] {
            assert_eq!(Once::before(found), before, "{found:?}");
            for (outcome, at_first, at_last) in
                [(Outcome::Unknown, first, last), (Outcome::Applied, applied_first, applied_last)]
            {
                let mut once = Once::new(2, 500);
                once.sent(Some(outcome));
                assert_eq!(once.looked(found), at_first, "{found:?} {outcome:?}");
                once.looks = LOOKS - 1;
                assert_eq!(once.looked(found), at_last, "{found:?} {outcome:?}");
            }
        }
    }
}
