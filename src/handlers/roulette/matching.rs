//! Matching: a pure function from waiting people to pairs.

use crate::model::address::Group;

/// A waiting person. Every list of them here begins with the longest waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter<'a> {
    pub group: &'a Group,
    pub last_partner: Option<&'a Group>,
    /// Partners before the last one.
    pub earlier: &'a [Group],
    /// Group of the person, who has several mailboxes when they text several of our lines. Others block
    /// them by it.
    pub person: &'a Group,
    /// People whom this one has blocked.
    pub blocked: &'a [Group],
    /// Barred in the shadow, and so only for others like them.
    pub shadowed: bool,
}

/// Returns pairs of indices: first come, first served among the compatible. Earlier partners are never
/// paired here, and no two people who could be paired are left over.
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
    // The people left over are incompatible with each other; others may swap for them.
    if let [one, other, ..] = left_over(waiting.len(), &round.pairs())[..] {
        round.make_room(one, other);
    }
    round.pairs()
}

/// Returns pairs of earlier partners who would wait although no other person is left for them, so that
/// two people alone can meet again; last partners only when nothing else is left.
pub(super) fn last_resort(waiting: &[Waiter<'_>], pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut left = left_over(waiting.len(), pairs);
    let mut found = Vec::new();
    for fits in [are_not_last_partners, may_meet] {
        let mut at = 0;
        while at < left.len() {
            let one = left[at];
            let fits = |other: &usize| fits(&waiting[one], &waiting[*other]);
            match left[at + 1..].iter().position(fits) {
                Some(place) => {
                    found.push((one, left.remove(at + 1 + place)));
                    left.remove(at);
                }
                None => at += 1,
            }
        }
    }
    found
}

/// Returns whether two people may be paired at once: neither is among the earlier partners of the other.
fn compatible(one: &Waiter<'_>, other: &Waiter<'_>) -> bool {
    are_not_last_partners(one, other)
        && !one.earlier.contains(other.group)
        && !other.earlier.contains(one.group)
}

/// Returns whether two people may meet of whom neither had the other as their last partner.
fn are_not_last_partners(one: &Waiter<'_>, other: &Waiter<'_>) -> bool {
    may_meet(one, other)
        && one.last_partner != Some(other.group)
        && other.last_partner != Some(one.group)
}

/// Returns whether two people may be paired at all. A block of one side rules it out.
fn may_meet(one: &Waiter<'_>, other: &Waiter<'_>) -> bool {
    one.person != other.person
        && one.shadowed == other.shadowed
        && !one.blocked.contains(other.person)
        && !other.blocked.contains(one.person)
}

fn left_over(count: usize, pairs: &[(usize, usize)]) -> Vec<usize> {
    (0..count).filter(|index| !pairs.iter().any(|&(a, b)| a == *index || b == *index)).collect()
}

struct Round<'a> {
    waiting: &'a [Waiter<'a>],
    mates: Vec<Option<usize>>,
    /// People already considered for a swap.
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

    /// Finds a mate for `one` so that `last` gets one too: `last` itself, or a person whose own mate
    /// can be given another one likewise (an augmenting path). Returns whether it could.
    fn make_room(&mut self, one: usize, last: usize) -> bool {
        if compatible(&self.waiting[one], &self.waiting[last]) {
            self.couple(one, last);
            return true;
        }
        for candidate in 0..self.waiting.len() {
            let Some(freed) = self.mates[candidate] else { continue };
            if self.tried[candidate] || !compatible(&self.waiting[one], &self.waiting[candidate]) {
                continue;
            }
            // A couple is in the path at most once.
            self.tried[candidate] = true;
            let tried_before = std::mem::replace(&mut self.tried[freed], true);
            if self.make_room(freed, last) {
                self.couple(one, candidate);
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

    /// People by number, with their last partner's.
    type Population = Vec<(usize, Option<usize>)>;

    fn waiter<'a>(group: &'a Group, person: &'a Group) -> Waiter<'a> {
        let (earlier, blocked): (&[Group], &[Group]) = (&[], &[]);
        let (last_partner, shadowed) = (None, false);
        Waiter { group, last_partner, earlier, person, blocked, shadowed }
    }

    fn with_waiters<T>(population: &Population, check: impl FnOnce(&[Waiter<'_>]) -> T) -> T {
        let groups: Vec<Group> =
            (0..64).map(|number| Group::from_id(format!("{number:02}"))).collect();
        let waiters: Vec<Waiter<'_>> = population
            .iter()
            .map(|&(person, last)| Waiter {
                last_partner: last.map(|last| &groups[last]),
                ..waiter(&groups[person], &groups[person])
            })
            .collect();
        check(&waiters)
    }

    /// Population with a history, in which a few people have talked to nearly all others; some of them
    /// wait, in any order.
    fn population(people: usize) -> impl Strategy<Value = Population> {
        let chat = prop_oneof![(0..people, 0..people), (0..2usize, 0..people)];
        let chats = prop::collection::vec(chat, 0..3 * people);
        let order = Just((0..people).collect::<Vec<_>>()).prop_shuffle();
        (chats, order, 0..=people).prop_map(move |(chats, order, count)| {
            let mut last = vec![None; people];
            for (one, other) in chats.into_iter().filter(|(one, other)| one != other) {
                last[one] = Some(other);
                last[other] = Some(one);
            }
            order.into_iter().take(count).map(|person| (person, last[person])).collect()
        })
    }

    /// Returns the largest possible number of pairs, by exhaustive search.
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
        fn pairs_are_disjoint_and_compatible(
            people in population(20),
        ) {
            with_waiters(&people, |waiters| {
                let mut seen = BTreeSet::new();
                for (a, b) in pair(waiters) {
                    prop_assert!(compatible(&waiters[a], &waiters[b]));
                    prop_assert!(seen.insert(a) && seen.insert(b));
                }
                Ok(())
            })?;
        }

        #[test]
        fn compatible_people_are_never_both_left_over(people in population(20)) {
            with_waiters(&people, |waiters| {
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
        fn longest_waiting_person_with_a_compatible_other_is_paired(people in population(12)) {
            with_waiters(&people, |waiters| {
                let longest = (0..waiters.len()).find(|&one| {
                    waiters.iter().any(|other| compatible(&waiters[one], other))
                });
                let left = left_over(waiters.len(), &pair(waiters));
                prop_assert!(longest.is_none_or(|longest| !left.contains(&longest)));
                Ok(())
            })?;
        }

        #[test]
        fn number_of_pairs_without_last_partners_is_maximal(people in population(8)) {
            with_waiters(&people, |waiters| {
                prop_assert_eq!(pair(waiters).len(), most_pairs(waiters));
                Ok(())
            })?;
        }

        #[test]
        fn last_resort_leaves_at_most_one_person(people in population(20)) {
            with_waiters(&people, |waiters| {
                let mut pairs = pair(waiters);
                pairs.extend(last_resort(waiters, &pairs));
                prop_assert!(left_over(waiters.len(), &pairs).len() <= 1);
                Ok(())
            })?;
        }

        #[test]
        fn inconsistent_history_keeps_the_invariants(
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
    fn longest_waiting_are_paired_first() {
        let people = (0..5).map(|person| (person, None)).collect();
        with_waiters(&people, |waiters| assert_eq!(pair(waiters), [(0, 1), (2, 3)]));
    }

    #[test]
    fn pair_is_split_for_two_last_partners_left_over() {
        let people = vec![(0, None), (1, None), (2, Some(3)), (3, Some(2))];
        with_waiters(&people, |waiters| assert_eq!(pair(waiters), [(0, 2), (1, 3)]));
    }

    #[test]
    fn last_resort_pairs_last_partners_when_no_other_waits() {
        let people = vec![(0, Some(1)), (1, Some(0))];
        with_waiters(&people, |waiters| {
            assert_eq!(pair(waiters), []);
            assert_eq!(last_resort(waiters, &[]), [(0, 1)]);
            assert_eq!(last_resort(waiters, &[(0, 1)]), []);
        });
    }

    #[test]
    fn person_on_two_lines_is_not_paired_with_themself() {
        let groups = ["one", "two"].map(Group::from_id);
        let person = &Group::from_id("person");
        let waiters = groups.each_ref().map(|group| waiter(group, person));
        assert_eq!(pair(&waiters), []);
        assert_eq!(last_resort(&waiters, &[]), []);
    }

    #[test]
    fn last_partner_of_one_side_rules_the_pair_out() {
        for people in [vec![(0, Some(1)), (1, None)], vec![(0, None), (1, Some(0))]] {
            with_waiters(&people, |waiters| assert_eq!(pair(waiters), []));
        }
    }

    /// People by number, with whom each remembers and has blocked, and whether they are shadowed.
    type Company = Vec<(Vec<usize>, Vec<usize>, bool)>;

    fn company() -> impl Strategy<Value = Company> {
        let few = || prop::collection::vec(0usize..12, 0..4);
        prop::collection::vec((few(), few(), prop::bool::weighted(0.2)), 0..12)
    }

    proptest! {
        #[test]
        fn blocked_and_shadowed_people_never_meet_others(company in company()) {
            let groups: Vec<Group> = (0..12).map(|number| Group::from_id(number.to_string())).collect();
            let named = |numbers: &[usize]| -> Vec<Group> {
                numbers.iter().map(|number| groups[*number].clone()).collect()
            };
            let lists: Vec<_> =
                company.iter().map(|(past, blocked, _)| (named(past), named(blocked))).collect();
            let waiters: Vec<Waiter<'_>> = (0..company.len())
                .map(|number| Waiter {
                    last_partner: lists[number].0.first(),
                    earlier: lists[number].0.get(1..).unwrap_or_default(),
                    blocked: &lists[number].1,
                    shadowed: company[number].2,
                    ..waiter(&groups[number], &groups[number])
                })
                .collect();
            let mut pairs = pair(&waiters);
            let left = left_over(waiters.len(), &pairs);
            for (at, one) in left.iter().enumerate() {
                for other in &left[at + 1..] {
                    prop_assert!(!compatible(&waiters[*one], &waiters[*other]));
                }
            }
            pairs.extend(last_resort(&waiters, &pairs));
            let mut seen = BTreeSet::new();
            for &(one, other) in &pairs {
                prop_assert!(seen.insert(one) && seen.insert(other));
                prop_assert_eq!(company[one].2, company[other].2);
                prop_assert!(!company[one].1.contains(&other) && !company[other].1.contains(&one));
            }
            let left = left_over(waiters.len(), &pairs);
            for (at, one) in left.iter().enumerate() {
                for other in &left[at + 1..] {
                    prop_assert!(!may_meet(&waiters[*one], &waiters[*other]));
                }
            }
        }
    }

    #[test]
    fn earlier_partner_is_paired_before_the_last_one() {
        let groups = ["one", "two", "three"].map(Group::from_id);
        let earlier = [groups[2].clone()];
        let mut waiters = [0, 1, 2].map(|at| waiter(&groups[at], &groups[at]));
        waiters[0].last_partner = Some(&groups[1]);
        waiters[0].earlier = &earlier;
        waiters[1].last_partner = Some(&groups[2]);
        assert_eq!(pair(&waiters), []);
        assert_eq!(last_resort(&waiters, &[]), [(0, 2)]);
    }
}
