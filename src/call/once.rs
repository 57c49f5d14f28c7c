//! Recording a payment once: what to do after each step, as a pure state machine.

use crate::core::Outcome;

/// How often is looked for a payment of which nobody knows whether it was recorded, before it is recorded again.
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
    /// The last attempt's error is the answer.
    Failed,
}

/// Where it stands. Any transaction of the order that was not there before is the payment.
#[derive(Debug, Clone)]
pub struct Once {
    known: Vec<u64>,
    tries_left: u32,
    delay_ms: u32,
    looks: u32,
    /// Whether an attempt before the last one may have been carried out.
    doubt: bool,
}

impl Once {
    /// Starts with the [`hash`](super::hash)es of the transactions that were there before. `delay_ms` is the first wait;
    /// each further one doubles.
    pub fn new(known: Vec<u64>, max_retries: u32, delay_ms: u32) -> Self {
        Self { known, tries_left: max_retries, delay_ms, looks: 0, doubt: false }
    }

    /// The transactions that were there before, where they were not known at first.
    pub(crate) fn begin(&mut self, known: Vec<u64>) -> Step {
        self.known = known;
        Step::Record
    }

    /// The payment was sent: `None` for a success.
    pub fn sent(&mut self, outcome: Option<Outcome>) -> Step {
        self.looks = 0;
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

    /// The transactions were read: which of them is the payment, and what comes next.
    #[inline(always)]
    pub fn looked(&mut self, transactions: &[u64]) -> (Option<usize>, Step) {
        let new = transactions.iter().position(|id| !self.known.iter().any(|known| known == id));
        if new.is_some() {
            return (new, Step::Recorded);
        }
        self.looks += 1;
        // A server that lost the connection may still be at work.
        (None, if self.looks < LOOKS { Step::Look(self.delay_ms.saturating_mul(1 << self.looks)) } else { Step::Ask })
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
        let mut once = Once::new(vec![1, 2], 1, 500);
        assert_eq!(once.sent(Some(Outcome::Unknown)), Step::Look(500));
        assert_eq!(once.looked(&[1, 2]), (None, Step::Look(1000)));
        assert_eq!(once.looked(&[2]), (None, Step::Look(2000)));
        assert_eq!(once.looked(&[]), (None, Step::Ask));
        assert_eq!(once.asked(true), Step::Record);
        assert_eq!(once.sent(Some(Outcome::Unknown)), Step::Look(500));
        assert_eq!(once.looked(&[3, 2, 1]), (Some(0), Step::Recorded));
        for _ in 0..LOOKS {
            once.looked(&[1, 2]);
        }
        assert_eq!(once.clone().asked(true), Step::NotRecorded, "it was sent as often as it may be");
        assert_eq!(once.asked(false), Step::Failed);
    }

    #[test]
    fn what_is_certain_is_not_looked_up() {
        let mut once = Once::new(Vec::new(), 9, 500);
        assert_eq!(once.sent(None), Step::Recorded);
        assert_eq!(once.sent(Some(Outcome::Rejected)), Step::Failed);
        assert_eq!(once.sent(Some(Outcome::NotSent)), Step::Failed);
        assert_eq!(once.sent(Some(Outcome::Applied)), Step::Look(500), "a web page with status 200 is no proof");
        assert_eq!(once.sent(Some(Outcome::Rejected)), Step::Look(500), "the one before may have been late");
        for _ in 0..LOOKS {
            once.looked(&[]);
        }
        assert_eq!(once.asked(true), Step::NotRecorded);
    }
}
