//! Which of several databases a location's rows are in.

use crate::call::hash;

/// The number of the database, from 0 to below `count`, that holds the rows of a location. It is a *jump consistent hash*: with
/// one database more only as many locations move as the new one takes, all of them to it. The numbers are part of what is
/// stored: they never change.
pub fn shard(location: &str, count: u32) -> u32 {
    let mut key = hash(location.as_bytes());
    let (mut found, mut next) = (0, 0);
    while next < u64::from(count) {
        found = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((found + 1) << 31) / ((key >> 33) + 1);
    }
    found as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(count: u32) -> Vec<u32> {
        (0..10_000).map(|i| shard(&format!("location{i:012}"), count)).collect()
    }

    #[test]
    fn the_locations_are_spread_evenly_and_a_further_database_takes_only_its_share() {
        for count in 1..12 {
            let before = all(count);
            for one in 0..count {
                let share = before.iter().filter(|shard| **shard == one).count() * count as usize;
                assert!((8_500..11_500).contains(&share), "{one} of {count}: {share}");
            }
            let moved = before.iter().zip(all(count + 1)).filter(|(before, after)| **before != *after);
            let mut some = 0;
            for (_, after) in moved {
                assert_eq!(after, count, "only to the new one");
                some += 1;
            }
            assert!(some > 0);
        }
    }

    #[test]
    fn what_is_stored_stays_where_it_is() {
        assert_eq!(["abc", "ve9EPM428h8vShlRW1KT", "", "loc2"].map(|location| shard(location, 16)), [2, 11, 0, 7]);
        assert_eq!((shard("abc", 0), shard("abc", 1)), (0, 0));
    }
}
