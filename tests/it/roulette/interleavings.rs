//! Random people in random order: whatever is begun, thrown away, begun again and committed late,
//! the rules of the house hold after every commit.

use std::time::Duration;

use crosswire::model::address::Group;
use proptest::prelude::*;
use proptest::sample::Index;

use super::evening::Evening;

#[derive(Clone, Debug)]
enum Move {
    Say(Index, &'static str),
    Begin(Index),
    Commit(Index),
    Forget(Index),
    Step(Index),
    Wait(Duration),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let words = prop_oneof![
        6 => Just("connect"),
        4 => Just("hello"),
        3 => Just("refresh"),
        2 => Just("disconnect"),
        2 => Just("call"),
        1 => Just("stop"),
        1 => Just("stats"),
    ];
    let one = prop_oneof![
        6 => (any::<Index>(), words).prop_map(|(who, text)| Move::Say(who, text)),
        4 => any::<Index>().prop_map(Move::Begin),
        4 => any::<Index>().prop_map(Move::Commit),
        1 => any::<Index>().prop_map(Move::Forget),
        4 => any::<Index>().prop_map(Move::Step),
        // From within a question's two minutes to beyond a seat's thirty days.
        1 => prop::sample::select(vec![60, 300, 90_000, 1_300_000])
            .prop_map(|seconds| Move::Wait(Duration::from_secs(seconds))),
    ];
    prop::collection::vec(one, 1..120)
}

fn chosen(index: Index, groups: &[Group]) -> Option<Group> {
    (!groups.is_empty()).then(|| index.get(groups).clone())
}

fn play(evening: &mut Evening, people: &[String], one: &Move) {
    match one {
        Move::Say(who, text) => evening.say(who.get::<String>(people), text),
        Move::Begin(which) => {
            if let Some(group) = chosen(*which, &evening.town.busy()) {
                evening.town.begin(&group);
            }
        }
        Move::Commit(which) => {
            if let Some(group) = chosen(*which, &evening.town.in_hand()) {
                evening.commit(&group);
            }
        }
        Move::Forget(which) => {
            if let Some(group) = chosen(*which, &evening.town.in_hand()) {
                evening.town.forget(&group);
            }
        }
        Move::Step(which) => {
            if let Some(group) = chosen(*which, &evening.town.busy()) {
                evening.step(&group);
            }
        }
        Move::Wait(time) => evening.wait(*time),
    }
}

fn named(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_rules_hold_whatever_happens_between_two_to_eight_people(
        count in 2usize..=8,
        moves in moves(),
    ) {
        let (mut evening, people) = (Evening::new(), named(count));
        for one in &moves {
            play(&mut evening, &people, one);
        }
        evening.rest();
    }

    #[test]
    fn sixteen_who_connect_at_once_make_eight_pairs(
        order in prop::collection::vec((any::<Index>(), 0..3), 0..200),
    ) {
        let (mut evening, people) = (Evening::new(), named(16));
        for who in &people {
            evening.say(who, "connect");
        }
        for (index, kind) in order {
            let one = match kind {
                0 => Move::Begin(index),
                1 => Move::Commit(index),
                _ => Move::Step(index),
            };
            play(&mut evening, &people, &one);
        }
        evening.rest();
        let connected = evening
            .town
            .sent
            .iter()
            .filter(|owed| owed.text.reveal() == super::evening::CONNECTED)
            .count();
        prop_assert_eq!(connected, 16);
        prop_assert!(people.iter().all(|who| evening.partner(who).is_some()));
    }
}
