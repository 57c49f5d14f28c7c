//! A company of 10,000 locations in virtual time: the real decisions of the company, of its locations and of their gates, and
//! made-up servers.

use super::table::{start, NOW};
use super::*;
use crate::call::Turn;
use crate::chance::Chance;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

const LOCATIONS: usize = 10_000;
const PARALLEL: u64 = 64;
const TIMEOUT: u64 = 30_000;

/// What a location's server does.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Fine,
    /// It answers every request with an error.
    Down,
    /// The token is refused.
    Revoked,
    /// Its list of orders never ends.
    Endless,
}

struct One {
    at: Location,
    gate: Gate,
    server: Server,
    /// Records of each of the four lists.
    sizes: [u64; 4],
    /// How many of them were read.
    read: [u64; 4],
    slice: u64,
    /// When it came to the line, or was due.
    due: u64,
    /// Its waits for a turn, in milliseconds.
    waits: Vec<u64>,
    /// When somebody calls next.
    call_at: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The company looks after its line, and after those that are silent.
    Look,
    /// The message of this turn comes.
    Message(u64),
    /// A piece of work is done, or a pause over.
    Work,
}

struct Company {
    all: Vec<One>,
    chance: Chance,
    now: u64,
    /// By when they are due, then by when they came.
    line: BTreeSet<(u64, u64, usize)>,
    came: u64,
    /// Who has a slot: when it was heard of last, and how often its message was sent since.
    running: BTreeMap<usize, (u64, u64)>,
    /// What happens when, and to whom.
    events: BinaryHeap<Reverse<(u64, What, usize)>>,
    /// The job that a location is at.
    jobs: Vec<Option<Job>>,
    /// How long interactive calls waited.
    calls: Vec<u64>,
    moved: u64,
    /// How often a message was sent again.
    again: u64,
}

/// Few locations are large: as in every agency.
fn sizes(chance: &mut Chance) -> [u64; 4] {
    let most = match chance.below(1_000) {
        0..800 => 400,
        800..950 => 5_000,
        950..998 => 40_000,
        _ => 400_000,
    };
    let orders = chance.below(most);
    [orders, orders * 11 / 10, orders / 20, orders.min(30)]
}

impl Company {
    fn new(locations: usize, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut all = Vec::new();
        for _ in 0..locations {
            let server = match chance.below(1_000) {
                0..5 => Server::Down,
                5..10 => Server::Revoked,
                10..15 => Server::Endless,
                _ => Server::Fine,
            };
            let (sizes, call_at) = (sizes(&mut chance), NOW + chance.below(60_000));
            let (at, gate) = (Location::default(), Gate::read(""));
            all.push(One { at, gate, server, sizes, read: [0; 4], slice: 0, due: NOW, waits: Vec::new(), call_at });
        }
        let jobs = vec![None; locations];
        let (line, running) = (BTreeSet::new(), BTreeMap::new());
        let (events, calls) = (BinaryHeap::new(), Vec::new());
        Self { all, chance, now: NOW, line, came: 0, running, events, jobs, calls, moved: NOW, again: 0 }
    }

    fn come(&mut self, who: usize, arrival: Arrival) {
        let placed = place(arrival, 0, self.now);
        self.came += 1;
        self.all[who].due = placed.due;
        self.line.insert((placed.due, self.came, who));
    }

    /// Gives free slots away. Its message takes a moment to come.
    fn admit(&mut self) {
        let heads: Vec<(u64, u64, usize)> = self.line.iter().take(PARALLEL as usize).copied().collect();
        let waiting: Vec<Waiting> =
            heads.iter().map(|(due, _, who)| Waiting { location: who.to_string(), due: *due }).collect();
        let admitted = super::admit(PARALLEL, self.running.len() as u64, &waiting, self.now);
        for (location, head) in admitted.start.iter().zip(&heads) {
            assert_eq!(*location, head.2.to_string());
            self.line.remove(head);
            let one = &mut self.all[head.2];
            one.slice += 1;
            one.waits.push(self.now - one.due);
            self.running.insert(head.2, (self.now, 1));
            self.send(head.2);
        }
        // The alarm of the company, which looks at least once a minute while anybody has a slot.
        let wake_at = if admitted.wake_at > 0 { admitted.wake_at } else { self.now + 60_000 };
        self.events.push(Reverse((wake_at, What::Look, 0)));
    }

    /// Sends a message: some of them come twice, some late, some never.
    fn send(&mut self, who: usize) {
        let slice = self.all[who].slice;
        let copies = match self.chance.below(100) {
            0 => 0,
            1..90 => 1,
            _ => 2,
        };
        for copy in 0..copies {
            let delay = self.chance.between(20, if copy == 0 { 100 } else { 30_000 });
            self.events.push(Reverse((self.now + delay, What::Message(slice), who)));
        }
    }

    /// Looks after those that have a slot and say nothing.
    fn look(&mut self) {
        let named = |(who, (heard, sent)): (&usize, &(u64, u64))| Running {
            location: who.to_string(),
            heard: *heard,
            sent: *sent,
        };
        let running: Vec<Running> = self.running.iter().map(named).collect();
        let watched = watch(&running, self.moved, self.now);
        assert!(!watched.stalled && watched.lost.is_empty());
        for location in watched.again {
            let who = location.parse().unwrap();
            let (_, sent) = self.running[&who];
            self.running.insert(who, (self.now, sent + 1));
            self.send(who);
            self.again += 1;
        }
        if watched.wake_at > 0 {
            self.events.push(Reverse((watched.wake_at, What::Look, 0)));
        }
        self.admit();
    }

    /// A message comes; gives whether it begins a turn.
    fn begin(&mut self, who: usize, slice: u64) -> bool {
        let location = who.to_string();
        let start = Start { location: &location, slice, ..start("r1") };
        self.all[who].at.start(&start, self.now) != Started::Same
    }

    /// Carries out what a location wants, in its own time; gives when it is done.
    fn work(&mut self, who: usize, job: &Job) -> u64 {
        let one = &mut self.all[who];
        let left = one.sizes[job.stream as usize] - one.read[job.stream as usize];
        let endless = one.server == Server::Endless && job.stream == Stream::Orders;
        let pages = if endless { job.most } else { job.most.min(left.div_ceil(100)).max(1) };
        let mut page_at = self.now;
        let mut waiting: Vec<(u64, u64, u64)> = Vec::new();
        let mut number = 0;
        let mut done = 0;
        // Who calls while it is at work, and who waits for that, one after the other in time.
        while done < pages {
            let retry = waiting.iter().map(|(at, ..)| *at).min().unwrap_or(u64::MAX);
            let now = page_at.min(retry).min(one.call_at);
            if now == one.call_at {
                // One call, or those of a page with a whole screen full of them.
                let calls = if self.chance.below(10) == 0 { 12 } else { 1 };
                one.call_at = now + self.chance.between(100, 8_000);
                waiting.extend((0..calls).map(|_| (now, now, 0)));
            } else if now == retry {
                let at = waiting.iter().position(|(at, ..)| *at == now).unwrap();
                let (_, since, caller) = waiting.swap_remove(at);
                let asked = one.gate.ask(caller, false, TIMEOUT, now);
                match asked.turn {
                    Turn::Wait(ms) => waiting.push((now + u64::from(ms), since, asked.number)),
                    Turn::Go => {
                        one.gate.done(asked.number, 200, &|_| None, now);
                        self.calls.push(now - since);
                    }
                }
            } else {
                let asked = one.gate.ask(number, true, TIMEOUT, now);
                number = asked.number;
                match asked.turn {
                    Turn::Wait(ms) => page_at = now + u64::from(ms),
                    Turn::Go => {
                        page_at = now + self.chance.between(10, 150);
                        one.gate.done(number, 200, &|_| None, page_at);
                        number = 0;
                        done += 1;
                    }
                }
            }
        }
        page_at + self.chance.between(20, 80)
    }

    /// A job is done: what comes of it is told.
    fn commit(&mut self, who: usize, job: &Job) -> Option<Then> {
        let now = self.now;
        let one = &mut self.all[who];
        match one.server {
            Server::Down => return Some(one.at.failed("r1", false, Failure::List(job.stream), "500", now)),
            Server::Revoked => return Some(one.at.failed("r1", false, Failure::Revoked, "401", now)),
            Server::Fine | Server::Endless => {}
        }
        let list = job.stream as usize;
        let at = &mut one.at;
        let is_check = at.readings.iter().any(|reading| reading.stream == job.stream && reading.listed);
        if is_check {
            let verified =
                Verified { run: "r1", stream: job.stream, seq: job.seq, after: "", fresh: 0, deleted: 0, file: None };
            assert!(at.verified(&verified));
            return None;
        }
        let endless = one.server == Server::Endless && job.stream == Stream::Orders;
        let records = if endless { job.most * 100 } else { (job.most * 100).min(one.sizes[list] - one.read[list]) };
        one.read[list] += if endless { 0 } else { records };
        let ends = !endless && one.read[list] == one.sizes[list];
        let chunk = Chunk {
            run: "r1",
            hint: false,
            stream: job.stream,
            seq: job.seq,
            pages: records.div_ceil(100).max(1),
            records,
            fresh: records,
            left_out: 0,
            total: Some(one.sizes[list]),
            cursor: if ends { "" } else { "more" },
            file: None,
        };
        assert!(at.read_chunk(&chunk, now));
        None
    }

    fn run(&mut self) {
        for who in 0..self.all.len() {
            self.come(who, Arrival::New);
        }
        self.look();
        while let Some(Reverse((now, what, who))) = self.events.pop() {
            assert!(now >= self.now && now < NOW + 86_400_000, "the run does not end");
            self.now = now;
            let told = match what {
                What::Look => {
                    // Each admission and each look would ask for the next one.
                    while matches!(self.events.peek(), Some(Reverse((at, What::Look, _))) if *at < now + 1_000) {
                        self.events.pop();
                    }
                    if !self.line.is_empty() || !self.running.is_empty() {
                        self.look();
                    }
                    continue;
                }
                What::Message(slice) => {
                    if !self.begin(who, slice) {
                        continue;
                    }
                    None
                }
                What::Work => self.jobs[who].take().and_then(|job| self.commit(who, &job)),
            };
            self.moved = now;
            self.running.insert(who, (now, 0));
            let others_wait = self.line.first().is_some_and(|(due, ..)| *due <= now);
            match told.unwrap_or_else(|| self.all[who].at.next(now, others_wait)) {
                Then::Read(job) | Then::Verify(job) => {
                    let at = self.work(who, &job);
                    self.jobs[who] = Some(job);
                    self.events.push(Reverse((at, What::Work, who)));
                }
                Then::Wait(until) => self.events.push(Reverse((until, What::Work, who))),
                then => {
                    self.running.remove(&who);
                    match then {
                        Then::Yield(0) => self.come(who, Arrival::Yield),
                        Then::Yield(until) => self.come(who, Arrival::Until(until)),
                        _ => self.all[who].at.reported("r1"),
                    }
                    self.admit();
                }
            }
        }
    }
}

/// The largest of some numbers, and their mean.
fn most_and_mean(list: &[u64]) -> (f64, f64) {
    let most = list.iter().copied().max().unwrap_or(0);
    (most as f64, list.iter().sum::<u64>() as f64 / list.len() as f64)
}

#[test]
fn of_ten_thousand_locations_none_waits_more_than_twice_the_mean_and_no_interactive_call_starves() {
    for (seed, locations) in [(17, LOCATIONS), (4, 2_000), (2026, 2_000)] {
        let mut company = Company::new(locations, seed);
        company.run();
        for one in &company.all {
            let phase = match one.server {
                Server::Fine => Phase::Done,
                Server::Down | Server::Endless => Phase::Failed,
                Server::Revoked => Phase::Revoked,
            };
            assert_eq!(one.at.phase, phase);
            assert!(one.server != Server::Fine || one.read == one.sizes);
        }
        let longest: Vec<u64> = company.all.iter().filter_map(|one| one.waits.iter().copied().max()).collect();
        assert_eq!(longest.len(), locations);
        let (most, mean) = most_and_mean(&longest);
        assert!(most <= 2.0 * mean, "{most} of {mean}");
        let (longest_call, _) = most_and_mean(&company.calls);
        let at_once = company.calls.iter().filter(|ms| **ms == 0).count() as f64 / company.calls.len() as f64;
        assert!(longest_call < 3_000.0 && at_once > 0.99, "{longest_call} {at_once}");
        if seed == 17 {
            let (most, mean, all) = (most / 60_000.0, mean / 60_000.0, (company.now - NOW) as f64 / 60_000.0);
            println!(
                "figure: model of 10,000 locations, 64 at work, all from one moment on: {all:.1} min; the longest that a location \
                 waits for a turn is {most:.1} min, {:.2} times the mean",
                most / mean
            );
            println!(
                "figure: {} interactive calls in it, to locations that are being read: {:.2} % go at once, the longest wait is {:.1} s",
                company.calls.len(),
                at_once * 100.0,
                longest_call / 1000.0
            );
        }
    }
}
