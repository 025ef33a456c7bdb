//! Random interleavings: runs are begun, discarded, begun again and committed late, sockets come and
//! go, and the invariants hold after every commit.

use std::time::Duration;

use crosswire::model::address::Group;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use super::scenario::Scenario;

const PEOPLE: &[&str] = &["ann", "bob", "cid", "+1-dan", "+1-eve", "+1-fay"];

#[derive(Clone, Debug)]
enum Step {
    Send(Index, &'static str),
    Connect(Index, bool),
    Close(Index),
    Begin(Index),
    Commit(Index),
    Abandon(Index),
    Handle(Index),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let words = prop_oneof![
        8 => Just("hello"),
        6 => Just("join CODE as Ann"),
        2 => Just("/leave"),
        1 => Just("leave"),
        1 => Just("stop"),
        2 => Just("/name Ann"),
        1 => Just("/mute Ann 2"),
        1 => Just("/remove Ann 2"),
        1 => Just("/remove Ann"),
        1 => Just("/lock"),
        1 => Just("/unlock"),
        1 => Just("/extend"),
    ];
    let one = prop_oneof![
        6 => (any::<Index>(), words).prop_map(|(name, text)| Step::Send(name, text)),
        3 => (any::<Index>(), any::<bool>()).prop_map(|(name, token)| Step::Connect(name, token)),
        1 => any::<Index>().prop_map(Step::Close),
        4 => any::<Index>().prop_map(Step::Begin),
        4 => any::<Index>().prop_map(Step::Commit),
        1 => any::<Index>().prop_map(Step::Abandon),
        6 => any::<Index>().prop_map(Step::Handle),
        1 => prop::sample::select(vec![1, 4, 30, 119, 290]).prop_map(Step::Wait),
    ];
    prop::collection::vec(one, 1..150)
}

fn chosen(index: Index, groups: &[Group]) -> Option<Group> {
    (!groups.is_empty()).then(|| index.get(groups).clone())
}

fn person(index: Index) -> &'static str {
    PEOPLE[index.index(PEOPLE.len())]
}

fn connect(scenario: &mut Scenario, name: &str, token: Option<&str>) {
    if !name.starts_with('+') {
        // The web process refuses a token that has expired.
        let token = token.filter(|token| scenario.verify(token).is_some());
        let hello = token.map(|token| ("token", token));
        scenario.open(name, hello.as_slice());
    }
}

fn play(scenario: &mut Scenario, (token, code): (&str, &str), one: &Step) {
    let pending = scenario.topic.pending();
    let begun = scenario.topic.in_progress();
    match one {
        Step::Send(name, text) => {
            let (name, text) = (person(*name), text.replace("CODE", code));
            if name.starts_with('+') || scenario.sockets.open.contains_key(name) {
                scenario.send(name, &text);
            }
        }
        Step::Connect(name, with) => connect(scenario, person(*name), with.then_some(token)),
        Step::Close(name) => scenario.close(person(*name)),
        Step::Begin(which) => {
            if let Some(group) = chosen(*which, &pending) {
                scenario.topic.begin(&group);
            }
        }
        Step::Commit(which) => {
            if let Some(group) = chosen(*which, &begun) {
                scenario.commit(&group);
            }
        }
        Step::Abandon(which) => {
            if let Some(group) = chosen(*which, &begun) {
                scenario.topic.abandon(&group);
            }
        }
        Step::Handle(which) => {
            if let Some(group) = chosen(*which, &pending) {
                scenario.step(&group);
            }
        }
        Step::Wait(seconds) => {
            scenario.topic.advance(Duration::from_secs(*seconds));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_under_random_interleavings_of_sockets_and_phones(steps in steps()) {
        let settings = json!({
            "capacity": 4, "history": 3, "idle": "5m", "max_extensions": 2, "extend_by": "5m",
        });
        let mut scenario = Scenario::new(settings);
        let (token, code) = scenario.create("ann");
        for one in &steps {
            play(&mut scenario, (&token, &code), one);
        }
        scenario.run();
        for name in PEOPLE {
            scenario.close(name);
        }
        scenario.wait(Duration::from_hours(1));
        let house = scenario.house();
        prop_assert!(house.rooms.is_empty() && house.codes.is_empty(), "{house:?}");
        prop_assert!(house.histories.is_empty() && house.seats.is_empty(), "{house:?}");
    }
}
