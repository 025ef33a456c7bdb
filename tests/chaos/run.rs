//! One run of a scenario: the processes, the load, the faults, and the history.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::checker::{Delivery, History, Person, Text, check};
use crate::flood::flood;
use crate::nemesis::Nemesis;
use crate::people::{FIRST, News, People, news, person};
use crate::provider::Provider;
use crate::report::Row;
use crate::scenario::{Load, Scenario};
use crate::support::proxy::Proxy;
use crate::support::twilio::{Faults, Random};
use crate::support::{Deployment, Setup};

/// Topic with short leases, so that the claims of a killed process are reclaimed within seconds, and
/// without limits to a sender's backlog.
const TOPIC: &str = r#"
    [topics.roulette]
    handler = "roulette"
    accept_response = ""
    lease = "1500ms"
    handler_timeout = "1s"
    max_attempts = 100
    max_depth = 1000000
    max_group_depth = 100000
    max_recipient_depth = 100000
    properties = { loop_guard = false }
    [topics.roulette.sending]
    repeats = 0
    connect_timeout = "500ms"
    timeout = "500ms"
    lease = "5500ms"
    settle = "700ms"
    max_attempts = 100
"#;

const WORKERS: usize = 3;
const TALKING: usize = 24;
const FLOODING: usize = 80;
/// Time for everything to arrive after the load.
const ARRIVAL: Duration = Duration::from_mins(3);

/// Runs a scenario, with load for this time, and sends its row before it ends the processes, which panics
/// when work is left.
pub(crate) async fn run(scenario: &Scenario, seed: u64, time: Duration, rows: &Sender<Row>) {
    let proxy = if scenario.has_proxy() { Some(Proxy::start().await) } else { None };
    let provider = if scenario.has_provider_proxy() { Some(Proxy::start().await) } else { None };
    let deployment = setup(scenario, proxy.clone(), provider.as_ref()).start().await;
    if let Some(provider) = &provider {
        provider.lead_to(deployment.twilio().url().trim_start_matches("http://"));
    }
    let mut ports = vec![deployment.port()];
    if scenario.has_other_web() {
        deployment.start_other_web().await;
        ports.push(deployment.other_port());
    }
    let count = if matches!(scenario.load, Load::Flood(_)) { FLOODING } else { TALKING };
    let people = People::connect(&deployment, count, ports).await;
    misbehave(&deployment, scenario.provider, seed);
    let end = Instant::now() + time;
    let random = Random::new(seed);
    let deployment = &deployment;
    let nemesis = Nemesis { deployment, proxy, provider, workers: WORKERS, master: 0, random };
    let (texts, ends, note) = match scenario.load {
        Load::Talk | Load::Change => {
            let (talk, talking) = watch::channel(true);
            let strikes = async {
                let ends = nemesis.strike(scenario.faults, scenario.pause.clone(), end).await;
                talk.send_replace(false);
                ends
            };
            let load = async {
                match scenario.load {
                    Load::Change => people.change(seed, &talking).await,
                    Load::Talk | Load::Flood(_) => people.talk(seed, &talking).await,
                }
            };
            let (texts, ends) = tokio::join!(load, strikes);
            (texts, ends, String::new())
        }
        Load::Flood(times) => {
            let (texts, [capacity, sent]) = flood(&people, seed, times, time).await;
            (texts, vec![Instant::now()], format!("carries {capacity:.0}/s, sent {sent:.0}/s"))
        }
    };
    deployment.twilio().inject(Faults::none());
    let accepted = texts.iter().filter(|text| text.accepted().is_some()).count();
    people.wait_for_texts(accepted, ARRIVAL).await;
    let left = deployment.leftovers();
    let history = history(&people, texts, deployment);
    let recoveries = recoveries(&people, &history, &ends);
    let row = Row::new(scenario, &history, &check(&history), &recoveries);
    rows.send(row.with(left, note, deployment)).unwrap();
}

fn setup(scenario: &Scenario, proxy: Option<Proxy>, provider: Option<&Proxy>) -> Setup {
    let setup = if scenario.is_embedded {
        Setup::dev(TOPIC).embedded()
    } else if scenario.has_clock() {
        Setup::new(TOPIC).redis_ahead_by(0).workers(WORKERS)
    } else if scenario.has_town() {
        Setup::new(TOPIC).town().env("REDIS_WAIT_REPLICAS", "1").workers(WORKERS)
    } else {
        Setup::new(TOPIC).own_redis().workers(WORKERS)
    };
    let setup = setup.env("RUST_LOG", "warn");
    let through = |setup: Setup, it: &Proxy| setup.env("TWILIO_API_BASE", &it.http_url());
    let setup = provider.into_iter().fold(setup, through);
    proxy.into_iter().fold(setup, Setup::through)
}

fn misbehave(deployment: &Deployment, provider: Provider, seed: u64) {
    deployment.twilio().inject(provider.faults(seed));
    deployment.twilio().delay(provider.delays());
    deployment.twilio().report(provider.reports());
}

fn history(people: &People<'_>, texts: Vec<Text>, deployment: &Deployment) -> History {
    let mut history = History { texts, ..History::default() };
    history.chats = people.all().map(|person| ((person, FIRST), (person ^ 1, FIRST))).collect();
    // How many chats each person was told of, and whether the last of them goes on.
    let mut chats: HashMap<Person, (usize, bool)> = HashMap::new();
    for message in deployment.twilio().messages() {
        let recipient = person(&message.to);
        let chat = recipient.map(|person| chats.entry(person).or_default());
        match (news(&message.body), chat) {
            (News::Connected, Some(chat)) => *chat = (chat.0 + 1, true),
            (News::Left, Some((_, goes_on))) => *goes_on = false,
            (News::Unheard, _) => {
                *history.unheard.entry(recipient.unwrap_or_default()).or_default() += 1;
            }
            (News::Text(sender, number), chat) => {
                let at = Instant::from_std(message.at).saturating_duration_since(people.began);
                let chat = chat.filter(|(_, goes_on)| *goes_on).map(|(chat, _)| *chat);
                let recipient = recipient.zip(chat);
                history.deliveries.push(Delivery { at, sender, number, recipient });
            }
            _ => {}
        }
    }
    history
}

/// Returns the time from the end of each fault until every text had arrived that was accepted before it.
fn recoveries(people: &People<'_>, history: &History, ends: &[Instant]) -> Vec<Duration> {
    let mut arrivals = HashMap::new();
    for delivery in &history.deliveries {
        arrivals.entry((delivery.sender, delivery.number)).or_insert(delivery.at);
    }
    let accepted: Vec<(Duration, Duration)> = history
        .texts
        .iter()
        .filter_map(|text| {
            let arrived = arrivals.get(&(text.sender, text.number))?;
            Some((text.accepted()?, *arrived))
        })
        .collect();
    let recovery = |ended: &Instant| {
        let ended = ended.saturating_duration_since(people.began);
        let before = accepted.iter().filter(|(accepted, _)| *accepted <= ended);
        let last = before.map(|(_, arrived)| *arrived).max().unwrap_or_default();
        last.saturating_sub(ended)
    };
    ends.iter().map(recovery).collect()
}
