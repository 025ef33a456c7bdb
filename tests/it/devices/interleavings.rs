//! Random interleavings: runs are begun, discarded, begun again and committed late. After every commit
//! the roster agrees with the sessions, and at the end every accepted text has arrived once, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crosswire::model::address::Group;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::scenario::{Scenario, session};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Step {
    Open(usize),
    Close(usize),
    Send { from: usize, to: u32 },
    Begin(Index),
    Commit(Index),
    Abandon(Index),
    Handle(Index),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || 0..NAMES.len();
    let one = prop_oneof![
        3 => name().prop_map(Step::Open),
        2 => name().prop_map(Step::Close),
        6 => (name(), 100_000_000..100_000_006_u32).prop_map(|(from, to)| Step::Send { from, to }),
        5 => any::<Index>().prop_map(Step::Begin),
        5 => any::<Index>().prop_map(Step::Commit),
        1 => any::<Index>().prop_map(Step::Abandon),
        5 => any::<Index>().prop_map(Step::Handle),
        1 => (0..20_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(one, 1..100)
}

/// Play of the steps, in which each session has at most one connection that it has not closed.
struct Play {
    scenario: Scenario,
    opened: u32,
    open: BTreeMap<&'static str, u32>,
    texts: u32,
}

impl Play {
    fn new(properties: Value) -> Self {
        let scenario = Scenario::new(properties);
        Self { scenario, opened: 0, open: BTreeMap::new(), texts: 0 }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Open(name) => self.open(NAMES[*name]),
            Step::Close(name) => {
                if let Some(number) = self.open.remove(NAMES[*name]) {
                    self.scenario.shut(NAMES[*name], number);
                }
            }
            Step::Send { from, to } => {
                let name = NAMES[*from];
                // A client without a connection sends nothing.
                if self.open.contains_key(name) {
                    self.texts += 1;
                    self.scenario.send(name, &format!("send,{to},{}", self.texts));
                }
            }
            Step::Begin(which) => {
                if let Some(group) = chosen(*which, &self.scenario.topic.pending()) {
                    self.scenario.topic.begin(&group);
                }
            }
            Step::Commit(which) => {
                if let Some(group) = chosen(*which, &self.scenario.topic.in_progress()) {
                    self.scenario.topic.commit(&group);
                }
            }
            Step::Abandon(which) => {
                if let Some(group) = chosen(*which, &self.scenario.topic.in_progress()) {
                    self.scenario.topic.abandon(&group);
                }
            }
            Step::Handle(which) => {
                if let Some(group) = chosen(*which, &self.scenario.topic.pending()) {
                    self.scenario.step(&group);
                }
            }
            Step::Wait(seconds) => self.scenario.wait(Duration::from_secs(*seconds)),
        }
        self.check_roster();
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn open_all(&mut self) {
        for name in NAMES {
            self.open(name);
        }
    }

    fn open(&mut self, name: &'static str) {
        self.opened += 1;
        self.open.insert(name, self.opened);
        self.scenario.open(name, |_| {});
    }

    /// Reads a stored value.
    fn stored(&self, key: &str) -> Option<Value> {
        let value = self.scenario.topic.memory().value(key)?;
        Some(serde_json::from_str(&value).unwrap())
    }

    /// Returns the device of a session, and whether its connection is open, as far as is handled.
    fn device(&self, name: &str) -> Option<(String, bool)> {
        let group = self.scenario.topic.group(&session(name));
        let state = self.stored(group.as_str())?;
        let record = self.stored(&format!("session:{group}"))?;
        let id = state["id"].as_str().unwrap().to_owned();
        Some((id, !record["connection"].is_null()))
    }

    /// Checks that the listed devices are those of the connected sessions, each under its own id.
    fn check_roster(&self) {
        let devices = NAMES.iter().filter_map(|name| Some((name, self.device(name)?)));
        let open: Vec<_> = devices.filter(|(_, (_, is_open))| *is_open).collect();
        for (name, (id, _)) in &open {
            let record = self.stored(&format!("device:{id}")).unwrap();
            assert_eq!(record["address"]["identity"], **name);
            assert!(record["away"].is_null());
        }
        let ids: BTreeSet<&str> = open.iter().map(|(_, (id, _))| id.as_str()).collect();
        assert_eq!(ids.len(), open.len(), "two sessions have one id");
        let memory = self.scenario.topic.memory();
        let listed: BTreeSet<&str> =
            memory.pool("devices").iter().map(|member| member.group.as_str()).collect();
        assert_eq!(listed, ids);
    }

    /// Handles all mail, and returns the lines that each session has got.
    fn finish(&mut self) -> BTreeMap<&'static str, Vec<String>> {
        while let Some(group) = self.scenario.topic.pending().first() {
            self.scenario.step(group);
            self.check_roster();
        }
        NAMES.into_iter().map(|name| (name, self.scenario.received(name))).collect()
    }
}

fn chosen(index: Index, groups: &[Group]) -> Option<Group> {
    (!groups.is_empty()).then(|| index.get(groups).clone())
}

/// Returns the texts in what sessions got, with their senders and recipients, in order.
fn arrived(received: &BTreeMap<&str, Vec<String>>) -> Vec<(String, String, u32)> {
    let lines =
        received.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line)));
    lines
        .filter_map(|(name, line)| {
            let (from, number) = line.split_once(':')?;
            Some(((*name).to_owned(), from.to_owned(), number.parse().ok()?))
        })
        .collect()
}

/// Checks that every text came to one session at most, and those of one sender in order.
fn assert_once_and_in_order(arrived: &[(String, String, u32)]) {
    let mut newest: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for (to, from, number) in arrived {
        assert!(all.insert(number), "text {number} came twice");
        let before = newest.insert((to, from), *number);
        assert!(before.is_none_or(|before| before < *number), "text {number} came late");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn texts_of_new_ids_arrive_once_or_are_refused(steps in steps()) {
        let mut play = Play::new(json!({}));
        play.steps(&steps);
        let received = play.finish();
        let arrived = arrived(&received);
        assert_once_and_in_order(&arrived);
        let refused = received.values().flatten().filter(|line| *line == "Invalid destinationId");
        prop_assert_eq!(arrived.len() + refused.count(), play.texts as usize);
        let greeted = received.values().flatten().filter(|line| line.starts_with("Your ID: "));
        let ids: Vec<&str> = greeted.map(|line| line.lines().next().unwrap()).collect();
        let distinct: BTreeSet<&&str> = ids.iter().collect();
        prop_assert_eq!(distinct.len(), ids.len(), "an id was given twice");
        prop_assert_eq!(ids.len(), play.opened as usize);
    }

    #[test]
    fn texts_to_kept_ids_arrive_once_when_all_devices_are_back(steps in steps()) {
        let mut play =
            Play::new(json!({"keep_ids": true, "away": "24h", "mailbox": 200}));
        play.open_all();
        play.finish();
        play.steps(&steps);
        play.open_all();
        let received = play.finish();
        let arrived = arrived(&received);
        assert_once_and_in_order(&arrived);
        // Two of the destinations are no device; the four others always take a text.
        let refused = received.values().flatten().filter(|line| *line == "Invalid destinationId");
        prop_assert_eq!(arrived.len() + refused.count(), play.texts as usize);
        prop_assert!(received.values().flatten().all(|line| line != "Mailbox full"));
    }
}
