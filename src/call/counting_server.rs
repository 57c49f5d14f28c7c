//! What the tests of limiter and gate send to.

/// As HighLevel documents them, and not read from the limiter that is tested.
const LIMIT: usize = 100;
const INTERVAL_MS: u64 = 10_000;

/// A server that counts its interval from wherever `offset` puts it.
pub(crate) struct CountingServer {
    offset: u64,
    pub seen: Vec<u64>,
    pub refused: u32,
}

impl CountingServer {
    pub fn new(offset: u64) -> Self {
        Self { offset, seen: Vec::new(), refused: 0 }
    }

    pub fn take(&mut self, now: u64) {
        let interval = |at: u64| (at + self.offset) / INTERVAL_MS;
        let this = self.seen.iter().filter(|at| interval(**at) == interval(now)).count();
        self.refused += u32::from(this >= LIMIT);
        self.seen.push(now);
    }
}
