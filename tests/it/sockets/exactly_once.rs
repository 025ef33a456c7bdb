//! Random interleavings: every client that resumes in time has, over all its connections, exactly the
//! lines that were sent to it while it was subscribed, in order, once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crosswire::contracts::storage::QueueKind;
use crosswire::contracts::transport::socket::Line;
use crosswire::model::frame::SocketEffect;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::client::Client;
use super::deployment::Deployment;
use crate::support::redis::RedisServer;

const CLIENTS: usize = 3;
/// Small, so that slow readers are closed.
const SETTINGS: &str = "max_backlog = 4\nrate = 1000000\nburst = 1000000\n\
                        address_rate = 1000000\nroom_rate = 1000000";
/// Time that all steps may take together, below that of the window.
const MAX_TIME: Duration = Duration::from_secs(100);

#[derive(Clone, Debug)]
enum Step {
    /// Connects to a server, whether or not the client has noticed the end of its last socket.
    Open(usize, usize),
    Close(usize),
    Read(usize, usize),
    Position(usize),
    Say(usize, &'static str),
    /// Sends the last message again under its id.
    Repeat(usize),
    Work(usize, usize),
    Follow(usize),
    Report(usize),
    Hold(QueueKind),
    Release,
    PublishAgain(Index),
    Lose(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (client, server) = (0..CLIENTS, 0..2usize);
    let words = prop::sample::select(vec![
        "join a", "join a", "join b", "leave a", "leave b", "say a", "say a", "say b", "me",
    ]);
    let kind = prop_oneof![3 => Just(QueueKind::Outbox), 1 => Just(QueueKind::Inbound)];
    let one = prop_oneof![
        8 => (client.clone(), server.clone()).prop_map(|(c, s)| Step::Open(c, s)),
        2 => client.clone().prop_map(Step::Close),
        8 => (client.clone(), 1..5usize).prop_map(|(c, n)| Step::Read(c, n)),
        2 => client.clone().prop_map(Step::Position),
        20 => (client.clone(), words).prop_map(|(c, w)| Step::Say(c, w)),
        2 => client.prop_map(Step::Repeat),
        30 => (server.clone(), 0..2usize).prop_map(|(w, q)| Step::Work(w, q)),
        12 => server.clone().prop_map(Step::Follow),
        2 => server.clone().prop_map(Step::Report),
        3 => kind.prop_map(Step::Hold),
        2 => Just(Step::Release),
        2 => any::<Index>().prop_map(Step::PublishAgain),
        2 => server.prop_map(Step::Lose),
        1 => (1..5u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(one, 1..160)
}

struct Play {
    deployment: Deployment,
    clients: Vec<Client>,
    /// Server of each client's present socket.
    at: [usize; CLIENTS],
    said: u32,
    latest: [Option<(String, String)>; CLIENTS],
    waited: Duration,
}

impl Play {
    fn new(deployment: Deployment) -> Self {
        let clients = (0..CLIENTS).map(|_| Client::default()).collect();
        let latest = Default::default();
        let waited = Duration::ZERO;
        Self { deployment, clients, at: [0; CLIENTS], said: 0, latest, waited }
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Open(client, server) => self.open(client, server).await,
            Step::Close(client) => self.clients[client].socket = None,
            Step::Read(client, frames) => self.clients[client].read(frames),
            Step::Position(client) => {
                if let Some(socket) = &mut self.clients[client].socket {
                    socket.update_position();
                }
            }
            Step::Say(client, words) => {
                self.said += 1;
                let text = match words {
                    "me" | "say a" | "say b" => format!("{words} {}", self.said),
                    words => words.to_owned(),
                };
                let id = format!("m{}", self.said);
                self.clients[client].say(&text, &id).await;
                self.latest[client] = Some((text, id));
            }
            Step::Repeat(client) => {
                if let Some((text, id)) = &self.latest[client] {
                    self.clients[client].say(text, id).await;
                }
            }
            Step::Work(worker, queue) => drop(self.deployment.work(worker, queue).await),
            Step::Follow(server) => drop(self.deployment.follow(server).await),
            Step::Report(server) => self.deployment.servers[server].report_once().await.unwrap(),
            Step::Hold(kind) => self.deployment.hold(kind).await,
            Step::Release => self.deployment.release().await,
            Step::PublishAgain(index) => {
                let feed = self.deployment.feed().await;
                if !feed.is_empty() {
                    self.deployment.publish_again(&index.get(&feed).text).await;
                }
            }
            Step::Lose(server) => self.lose(server),
            Step::Wait(seconds) => self.wait(Duration::from_secs(seconds)).await,
        }
    }

    async fn open(&mut self, client: usize, server: usize) {
        self.clients[client].open(&self.deployment.servers[server]).await;
        self.at[client] = server;
        // Without its welcome it has no session to come back to.
        if self.clients[client].session.is_none() {
            self.clients[client].read(1);
        }
    }

    fn lose(&mut self, server: usize) {
        for client in (0..CLIENTS).filter(|client| self.at[*client] == server) {
            self.clients[client].lose();
        }
        self.deployment.lose(server);
    }

    async fn wait(&mut self, time: Duration) {
        self.waited += time;
        let Some(clock) = &self.deployment.manual else { return };
        if self.waited < MAX_TIME {
            clock.advance(time);
            for server in &self.deployment.servers {
                server.beat_once().await;
            }
        }
    }

    /// Connects every client for the last time, and returns what each has and what it should have.
    async fn finish(mut self) -> Vec<(Vec<String>, Vec<String>)> {
        self.deployment.settle().await;
        // A slow reader may be closed, and then comes back.
        for round in 0..1000 {
            assert!(round < 999, "a client does not come to rest");
            for client in 0..CLIENTS {
                self.clients[client].read_all();
                if self.clients[client].socket.is_none() || round == 0 {
                    self.open(client, round % 2).await;
                }
            }
            self.deployment.settle().await;
            self.clients.iter_mut().for_each(Client::read_all);
            if round > 0 && self.clients.iter().all(|client| client.socket.is_some()) {
                break;
            }
        }
        let expected = sent(&self.deployment).await;
        let mut found = Vec::new();
        for client in &self.clients {
            assert!(client.of_type("welcome").all(|frame| frame["resumed"] == true));
            let session = self.deployment.session_of(client.session.as_ref().unwrap());
            let texts = client.texts().into_iter().map(str::to_owned).collect();
            found.push((texts, expected.get(&session).cloned().unwrap_or_default()));
        }
        found
    }
}

/// Returns what was sent to each session, by the whole feed.
async fn sent(deployment: &Deployment) -> BTreeMap<String, Vec<String>> {
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut said = BTreeSet::new();
    for entry in deployment.feed().await {
        let line: Line = serde_json::from_str(&entry.text).unwrap();
        if !seen.insert(line.id.clone()) {
            continue;
        }
        match &line.content.effect {
            Some(SocketEffect::Subscribe { session }) => {
                rooms.entry(line.to.clone()).or_default().insert(session.clone());
            }
            Some(SocketEffect::Unsubscribe { session }) => {
                rooms.entry(line.to.clone()).or_default().remove(session);
            }
            Some(_) => {}
            None => {
                let text = line.text.reveal().to_owned();
                assert!(said.insert(text.clone()), "handled twice: {text}");
                let is_room = line.to.starts_with('#');
                let session = (!is_room).then(|| BTreeSet::from([line.to.clone()]));
                let members = session.or_else(|| rooms.get(&line.to).cloned()).unwrap_or_default();
                for member in members {
                    sent.entry(member).or_default().push(text.clone());
                }
            }
        }
    }
    sent
}

fn check(steps: &[Step], outcome: Vec<(Vec<String>, Vec<String>)>) -> Result<(), TestCaseError> {
    for (found, expected) in outcome {
        prop_assert_eq!(found, expected, "{:?}", steps);
    }
    Ok(())
}

fn config(cases: u32) -> Config {
    Config { cases, max_shrink_iters: 2000, failure_persistence: None, ..Config::default() }
}

#[test]
fn resuming_clients_get_each_line_once_and_in_order_on_the_embedded_store() {
    let runtime = Runtime::new().unwrap();
    let mut runner = TestRunner::new(config(150));
    let played = runner.run(&steps(), |steps| {
        let outcome = runtime.block_on(async {
            let mut play = Play::new(Deployment::embedded(SETTINGS));
            for step in &steps {
                play.take(step).await;
            }
            play.finish().await
        });
        check(&steps, outcome)
    });
    played.unwrap();
}

#[test]
fn resuming_clients_get_each_line_once_and_in_order_on_redis() {
    let (runtime, server) = (Runtime::new().unwrap(), RedisServer::volatile());
    let mut runner = TestRunner::new(config(20));
    let played = runner.run(&steps(), |steps| {
        let outcome = runtime.block_on(async {
            let mut play = Play::new(Deployment::on_redis(&server, SETTINGS).await);
            for step in &steps {
                play.take(step).await;
            }
            play.finish().await
        });
        check(&steps, outcome)
    });
    played.unwrap();
}
