//! Random interleavings: runs are begun, discarded, begun again and committed late, and the
//! invariants hold after every commit.

use std::collections::BTreeMap;
use std::time::Duration;

use crosswire::model::address::Group;
use proptest::prelude::*;
use proptest::sample::Index;

use super::scenario::Scenario;

#[derive(Clone, Debug)]
enum Step {
    Send(Index, &'static str),
    Open(Index),
    Close(Index),
    Begin(Index),
    Commit(Index),
    Abandon(Index),
    Handle(Index),
    Wait(Duration),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let words = prop_oneof![
        6 => Just("connect"),
        4 => Just("hello"),
        3 => Just("refresh"),
        2 => Just("disconnect"),
        2 => Just("call"),
        1 => Just("call 10"),
        1 => Just("stop"),
        1 => Just("wait"),
        1 => Just("stats"),
        1 => Just("block"),
    ];
    let one = prop_oneof![
        6 => (any::<Index>(), words).prop_map(|(name, text)| Step::Send(name, text)),
        1 => any::<Index>().prop_map(Step::Open),
        1 => any::<Index>().prop_map(Step::Close),
        4 => any::<Index>().prop_map(Step::Begin),
        4 => any::<Index>().prop_map(Step::Commit),
        1 => any::<Index>().prop_map(Step::Abandon),
        4 => any::<Index>().prop_map(Step::Handle),
        // From less than an absence's 30 seconds, a question's two minutes and a wait's ten to more than a
        // day, in which a chat is nudged and ended, and than a seat's thirty days.
        1 => prop::sample::select(vec![20, 60, 300, 20_000, 90_000, 1_300_000])
            .prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
    ];
    prop::collection::vec(one, 1..120)
}

fn chosen(index: Index, groups: &[Group]) -> Option<Group> {
    (!groups.is_empty()).then(|| index.get(groups).clone())
}

/// People, and the numbers of the sockets that those with a page have opened last.
struct People {
    names: Vec<String>,
    sockets: BTreeMap<String, u32>,
}

impl People {
    /// Returns people of whom every other one has a page, with an open socket.
    fn mixed(count: usize, scenario: &mut Scenario) -> Self {
        let kind = |number| if number % 2 == 1 { "web" } else { "p" };
        let names = (0..count).map(|number| format!("{}{number}", kind(number)));
        let mut people = Self { names: names.collect(), sockets: BTreeMap::new() };
        for name in people.names.clone() {
            people.open(&name, scenario);
        }
        people
    }

    fn open(&mut self, name: &str, scenario: &mut Scenario) {
        if name.starts_with("web") {
            self.sockets.insert(name.to_owned(), scenario.open(name));
        }
    }

    /// Opens new sockets in place of the open ones before a long time: none is open for weeks.
    fn renew(&mut self, time: Duration, scenario: &mut Scenario) {
        if time >= Duration::from_hours(24) {
            for name in self.sockets.keys().cloned().collect::<Vec<_>>() {
                self.open(&name, scenario);
            }
        }
    }

    fn close(&mut self, name: &str, scenario: &mut Scenario) {
        if let Some(number) = self.sockets.remove(name) {
            scenario.close(name, number);
        }
    }
}

fn play(scenario: &mut Scenario, people: &mut People, one: &Step) {
    match one {
        Step::Open(name) => people.open(&name.get::<String>(&people.names).clone(), scenario),
        Step::Close(name) => people.close(&name.get::<String>(&people.names).clone(), scenario),
        Step::Send(name, text) => scenario.send(name.get::<String>(&people.names), text),
        Step::Begin(which) => {
            if let Some(group) = chosen(*which, &scenario.topic.pending()) {
                scenario.topic.begin(&group);
            }
        }
        Step::Commit(which) => {
            if let Some(group) = chosen(*which, &scenario.topic.in_progress()) {
                scenario.commit(&group);
            }
        }
        Step::Abandon(which) => {
            if let Some(group) = chosen(*which, &scenario.topic.in_progress()) {
                scenario.topic.abandon(&group);
            }
        }
        Step::Handle(which) => {
            if let Some(group) = chosen(*which, &scenario.topic.pending()) {
                scenario.step(&group);
            }
        }
        Step::Wait(time) => {
            people.renew(*time, scenario);
            scenario.wait(*time);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_under_random_interleavings_of_two_to_eight_people(
        count in 2usize..=8,
        steps in steps(),
    ) {
        let mut scenario = Scenario::new();
        let mut people = People::mixed(count, &mut scenario);
        for one in &steps {
            play(&mut scenario, &mut people, one);
        }
        scenario.run_until_idle();
        for name in people.names.clone() {
            people.close(&name, &mut scenario);
        }
        scenario.run_until_idle();
        scenario.wait(Duration::from_secs(30));
        scenario.run_until_idle();
        for name in people.names.iter().filter(|name| name.starts_with("web")) {
            prop_assert!(!scenario.plays(name), "a person without a socket waits or chats");
        }
    }

    #[test]
    fn sixteen_people_connecting_at_once_make_eight_pairs(
        order in prop::collection::vec((any::<Index>(), 0..3), 0..200),
    ) {
        let mut scenario = Scenario::new();
        let mut people = People::mixed(16, &mut scenario);
        for name in &people.names {
            scenario.send(name, "connect");
        }
        for (index, kind) in order {
            let one = match kind {
                0 => Step::Begin(index),
                1 => Step::Commit(index),
                _ => Step::Handle(index),
            };
            play(&mut scenario, &mut people, &one);
        }
        scenario.run_until_idle();
        let connected = scenario
            .topic
            .sent
            .iter()
            .filter(|message| message.text.reveal() == super::scenario::CONNECTED)
            .count();
        prop_assert_eq!(connected, 16);
        prop_assert!(people.names.iter().all(|name| scenario.partner(name).is_some()));
    }
}
