//! Who talks to whom: a pure function over those who wait.

use crate::model::address::{Group, Identity};

/// Somebody who waits. The longest waiting stand first in every list here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter<'a> {
    pub group: &'a Group,
    pub last_partner: Option<&'a Group>,
    /// One person who texts two of our lines is two groups.
    pub person: &'a Identity,
}

/// Pairs, by their places in the list: first come, first served among the compatible. Nobody gets
/// their last partner here, and no two who could be paired are left.
pub(super) fn pair(waiting: &[Waiter<'_>]) -> Vec<(usize, usize)> {
    let mut round =
        Round { waiting, mates: vec![None; waiting.len()], tried: vec![false; waiting.len()] };
    for one in 0..waiting.len() {
        let mut later = one + 1..waiting.len();
        if round.mates[one].is_none()
            && let Some(other) = later.find(|&other| {
                round.mates[other].is_none() && compatible(&waiting[one], &waiting[other])
            })
        {
            round.couple(one, other);
        }
    }
    // Whoever is left over has nobody but last partners to turn to; others may swap for them.
    if let [one, other, ..] = left_over(waiting.len(), &round.pairs())[..] {
        round.make_room(one, other);
    }
    round.pairs()
}

/// The two who would wait on although there is nobody else for them: a town of two must
/// work too, so they meet again.
pub(super) fn last_resort(
    waiting: &[Waiter<'_>],
    pairs: &[(usize, usize)],
) -> Option<(usize, usize)> {
    match left_over(waiting.len(), pairs)[..] {
        [one, other, ..] if waiting[one].person != waiting[other].person => Some((one, other)),
        _ => None,
    }
}

/// One side's word is enough: who has just talked to the other would call it the same stranger.
fn compatible(one: &Waiter<'_>, other: &Waiter<'_>) -> bool {
    one.person != other.person
        && one.last_partner != Some(other.group)
        && other.last_partner != Some(one.group)
}

fn left_over(count: usize, pairs: &[(usize, usize)]) -> Vec<usize> {
    (0..count).filter(|index| !pairs.iter().any(|&(a, b)| a == *index || b == *index)).collect()
}

struct Round<'a> {
    waiting: &'a [Waiter<'a>],
    mates: Vec<Option<usize>>,
    /// Asked to swap already.
    tried: Vec<bool>,
}

impl Round<'_> {
    fn pairs(&self) -> Vec<(usize, usize)> {
        self.mates
            .iter()
            .enumerate()
            .filter_map(|(one, mate)| mate.filter(|other| one < *other).map(|other| (one, other)))
            .collect()
    }

    fn couple(&mut self, one: usize, other: usize) {
        self.mates[one] = Some(other);
        self.mates[other] = Some(one);
    }

    /// Finds `one` a mate so that `last` gets one too: `last` itself, or somebody whose own mate can
    /// be found another one likewise (an augmenting path). Whether it could.
    fn make_room(&mut self, one: usize, last: usize) -> bool {
        if compatible(&self.waiting[one], &self.waiting[last]) {
            self.couple(one, last);
            return true;
        }
        for asked in 0..self.waiting.len() {
            let Some(freed) = self.mates[asked] else { continue };
            if self.tried[asked] || !compatible(&self.waiting[one], &self.waiting[asked]) {
                continue;
            }
            // A couple stands in the path once.
            self.tried[asked] = true;
            let tried_before = std::mem::replace(&mut self.tried[freed], true);
            if self.make_room(freed, last) {
                self.couple(one, asked);
                return true;
            }
            self.tried[freed] = tried_before;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Everybody by number, with their last partner's.
    type Town = Vec<(usize, Option<usize>)>;

    fn with_waiters<T>(town: &Town, check: impl FnOnce(&[Waiter<'_>]) -> T) -> T {
        let groups: Vec<Group> =
            (0..64).map(|number| Group::from_id(format!("{number:02}"))).collect();
        let people: Vec<Identity> =
            (0..64).map(|number| Identity::new(format!("+1415555{number:04}"))).collect();
        let waiters: Vec<Waiter<'_>> = town
            .iter()
            .map(|&(who, last)| Waiter {
                group: &groups[who],
                last_partner: last.map(|last| &groups[last]),
                person: &people[who],
            })
            .collect();
        check(&waiters)
    }

    /// A town with a past, in which a few have talked to nearly everybody; now some wait, in any
    /// order.
    fn town(people: usize) -> impl Strategy<Value = Town> {
        let chat = prop_oneof![(0..people, 0..people), (0..2usize, 0..people)];
        let chats = prop::collection::vec(chat, 0..3 * people);
        let order = Just((0..people).collect::<Vec<_>>()).prop_shuffle();
        (chats, order, 0..=people).prop_map(move |(chats, order, count)| {
            let mut last = vec![None; people];
            for (one, other) in chats.into_iter().filter(|(one, other)| one != other) {
                last[one] = Some(other);
                last[other] = Some(one);
            }
            order.into_iter().take(count).map(|who| (who, last[who])).collect()
        })
    }

    /// The most pairs that could be made, by trying everything.
    fn most_pairs(waiters: &[Waiter<'_>]) -> usize {
        let Some((first, rest)) = waiters.split_first() else { return 0 };
        let mut most = most_pairs(rest);
        for (index, other) in rest.iter().enumerate() {
            if compatible(first, other) {
                let mut others = rest.to_vec();
                others.remove(index);
                most = most.max(1 + most_pairs(&others));
            }
        }
        most
    }

    proptest! {
        #[test]
        fn nobody_is_paired_twice_or_with_themself_or_with_their_last_partner(
            town in town(20),
        ) {
            with_waiters(&town, |waiters| {
                let mut seen = BTreeSet::new();
                for (a, b) in pair(waiters) {
                    prop_assert!(compatible(&waiters[a], &waiters[b]));
                    prop_assert!(seen.insert(a) && seen.insert(b));
                }
                Ok(())
            })?;
        }

        #[test]
        fn no_two_who_could_be_paired_are_left(town in town(20)) {
            with_waiters(&town, |waiters| {
                let left = left_over(waiters.len(), &pair(waiters));
                for (index, a) in left.iter().enumerate() {
                    for b in &left[index + 1..] {
                        prop_assert!(!compatible(&waiters[*a], &waiters[*b]));
                    }
                }
                prop_assert!(left.len() <= 2, "{left:?}");
                Ok(())
            })?;
        }

        #[test]
        fn whoever_waits_longest_and_could_be_paired_is_paired(town in town(12)) {
            with_waiters(&town, |waiters| {
                let longest = (0..waiters.len()).find(|&one| {
                    waiters.iter().any(|other| compatible(&waiters[one], other))
                });
                let left = left_over(waiters.len(), &pair(waiters));
                prop_assert!(longest.is_none_or(|longest| !left.contains(&longest)));
                Ok(())
            })?;
        }

        #[test]
        fn last_partners_meet_only_when_no_other_arrangement_would_do(town in town(8)) {
            with_waiters(&town, |waiters| {
                prop_assert_eq!(pair(waiters).len(), most_pairs(waiters));
                Ok(())
            })?;
        }

        #[test]
        fn with_the_last_resort_at_most_one_waits_on(town in town(20)) {
            with_waiters(&town, |waiters| {
                let mut pairs = pair(waiters);
                pairs.extend(last_resort(waiters, &pairs));
                prop_assert!(left_over(waiters.len(), &pairs).len() <= 1);
                Ok(())
            })?;
        }

        #[test]
        fn a_past_that_cannot_be_does_no_harm(
            lasts in prop::collection::vec(prop::option::of(0usize..12), 0..12),
        ) {
            with_waiters(&lasts.into_iter().enumerate().collect(), |waiters| {
                let mut seen = BTreeSet::new();
                for (a, b) in pair(waiters) {
                    prop_assert!(compatible(&waiters[a], &waiters[b]));
                    prop_assert!(seen.insert(a) && seen.insert(b));
                }
                prop_assert!(left_over(waiters.len(), &pair(waiters)).len() <= 3);
                Ok(())
            })?;
        }
    }

    #[test]
    fn first_come_is_first_served() {
        let town = (0..5).map(|who| (who, None)).collect();
        with_waiters(&town, |waiters| assert_eq!(pair(waiters), [(0, 1), (2, 3)]));
    }

    #[test]
    fn a_pair_is_parted_again_for_two_last_partners_who_would_be_left() {
        let town = vec![(0, None), (1, None), (2, Some(3)), (3, Some(2))];
        with_waiters(&town, |waiters| assert_eq!(pair(waiters), [(0, 2), (1, 3)]));
    }

    #[test]
    fn two_last_partners_meet_again_when_there_is_nobody_else() {
        let town = vec![(0, Some(1)), (1, Some(0))];
        with_waiters(&town, |waiters| {
            assert_eq!(pair(waiters), []);
            assert_eq!(last_resort(waiters, &[]), Some((0, 1)));
            assert_eq!(last_resort(waiters, &[(0, 1)]), None);
        });
    }

    #[test]
    fn one_person_on_two_lines_is_no_stranger_to_themself() {
        let groups = ["one", "two"].map(Group::from_id);
        let person = &Identity::new("+14155550100");
        let waiters = groups.each_ref().map(|group| Waiter { group, last_partner: None, person });
        assert_eq!(pair(&waiters), []);
        assert_eq!(last_resort(&waiters, &[]), None);
    }

    #[test]
    fn one_side_is_enough_to_call_it_the_same_stranger() {
        for town in [vec![(0, Some(1)), (1, None)], vec![(0, None), (1, Some(0))]] {
            with_waiters(&town, |waiters| assert_eq!(pair(waiters), []));
        }
    }
}
