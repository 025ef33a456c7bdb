//! The command `forget`: everything that is stored about a person is removed, and the store is searched
//! for what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::App;
use super::commands::ForgetOptions;
use super::operator;
use super::prepare::{self, Prepared};
use super::process::Stop;
use super::secret;
use super::store::StoreHandle;
use super::work::{self, Until};
use crate::app::config::TopicSelection;
use crate::contracts::handler::FORGOTTEN;
use crate::contracts::settings::Purpose;
use crate::contracts::storage::{Marks, Partition, Place, Trace};
use crate::engine::operations::{Operations, people, wake};
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, Identity};
use crate::model::clock::SystemClock;
use crate::model::consent::{OPTED_OUT, OptOutRecord};
use crate::model::phone;
use crate::model::standing::BARS;
use crate::tester::{self, Board};

/// Longest wait for the workers to end what the person takes part in.
const PATIENCE: Duration = Duration::from_mins(1);
/// Pause between two looks whether they have.
const LOOK: Duration = Duration::from_millis(100);

/// A person in one partition of a topic.
struct Case<'a> {
    service: &'a TopicRuntime,
    person: Address,
    partition: Partition,
    addresses: BTreeSet<Address>,
    marks: Marks,
}

/// Removes a person, and prints what is left of them: nothing, but for what stays on purpose.
pub(super) async fn forget(app: &App, options: &ForgetOptions, stop: Stop) -> Result<()> {
    let prepared = load(app, options)?;
    let access = Operations {
        services: prepared.services.clone(),
        storage: prepared.store.connect()?,
        groups: prepared.groups.clone(),
        clock: std::sync::Arc::new(SystemClock),
    };
    operator::require_partitions(&access).await?;
    require_resumed(&access).await?;
    let done = remove(&prepared, &access, options, stop).await;
    let outcome =
        done.as_ref().map_or_else(|error| format!("failed: {error}"), |()| "done".to_owned());
    let topic = options.topic.as_deref().unwrap_or("all topics");
    let target = format!("{topic}: {}", Identity::new(options.number.trim()));
    let noted = access.note(&operator::actor(app), "forget", target, outcome).await;
    done?;
    Ok(noted?)
}

/// Fails while an operator's pause holds a topic, in which no handler would end the person's chats.
async fn require_resumed(access: &Operations) -> Result<()> {
    for service in &access.services {
        let name = &service.config.name;
        let pauses = access.storage.pauses(name).await?;
        ensure!(
            !pauses.iter().any(|pause| pause.scope.is_topic()),
            "topics.{name} is paused by an operator, so no worker would end the person's chats; run \
             `crosswire resume {name}`, and this again"
        );
    }
    Ok(())
}

async fn remove(
    prepared: &Prepared,
    access: &Operations,
    options: &ForgetOptions,
    stop: Stop,
) -> Result<()> {
    let cases = cases(access, &options.number).await?;
    if options.redact {
        redact(access, &cases).await?;
    }
    leave(prepared, access, &cases, stop).await?;
    let kept = |trace: &Trace| stays(trace, options.opt_out);
    let mut erased = 0;
    for (partition, marks) in &searches(&cases) {
        let mut found = access.storage.search(partition, marks).await?;
        found.retain(|trace| !kept(trace) && is_theirs(trace, marks));
        access.storage.erase(partition, &found).await?;
        erased += found.len();
    }
    let board = Board::new(access.storage.clone(), std::sync::Arc::new(SystemClock));
    for Case { marks, .. } in &cases {
        erased += board.forget(marks).await?;
    }
    prove(access, &cases, options, erased).await
}

/// Prepares the topics as a worker does, with the key of the deployment: under another one nothing would
/// be found.
fn load(app: &App, options: &ForgetOptions) -> Result<Prepared> {
    let selection = || options.topic.as_deref().map(TopicSelection::Flag);
    let (config, _) = prepare::load(&app.environment, &app.registry, Purpose::Dev, selection())?;
    secret::existing_key(&config)?;
    app.prepare(Purpose::Dev, selection())
}

async fn cases<'a>(access: &'a Operations, number: &str) -> Result<Vec<Case<'a>>> {
    let mut cases = Vec::new();
    for service in &access.services {
        for person in everywhere(service, number)? {
            let partition = access.partition(service, &person);
            let addresses = access.addresses(service, &person).await?;
            let marks = access.marks(&person, &addresses);
            cases.push(Case { service, person, partition, addresses, marks });
        }
    }
    Ok(cases)
}

/// Returns every partition of the topics, since other people's may name the person too, with the marks
/// of the person in its topic.
fn searches(cases: &[Case<'_>]) -> Vec<(Partition, Marks)> {
    let mut searches: Vec<(Partition, Marks)> = Vec::new();
    for Case { service, marks, .. } in cases {
        for partition in service.partitions() {
            match searches.iter_mut().find(|(known, _)| *known == partition) {
                Some((_, known)) => known.groups.extend(marks.groups.iter().cloned()),
                None => searches.push((partition, marks.clone())),
            }
        }
    }
    searches
}

/// Returns a person by every transport of a topic, and as one of the tester's phones.
fn everywhere(service: &TopicRuntime, number: &str) -> Result<BTreeSet<Address>> {
    let phone = people(service, number, Some(tester::TRANSPORT_NAME))?;
    // A topic of sockets alone has the tester's phones.
    let others = people(service, number, None).unwrap_or_default();
    let is_known = |person: &Address| {
        let identity = person.identity.reveal();
        // Behind a channel other than WhatsApp, people may have names.
        identity.contains(':') || phone::number(identity).is_some()
    };
    ensure!(
        others.iter().all(is_known),
        "the number is not in E.164, and nothing would be found of it; write it with + and its country \
         code, as +14155550101"
    );
    Ok(others.into_iter().chain(phone).collect())
}

/// Ends what the person takes part in, by the handlers of the topics: in the workers of the deployment,
/// or here when the store is a file, which no other process has then.
async fn leave(
    prepared: &Prepared,
    access: &Operations,
    cases: &[Case<'_>],
    stop: Stop,
) -> Result<()> {
    for Case { service, person, addresses, .. } in cases {
        let wakes = addresses.iter().map(|address| wake(&access.groups, address, FORGOTTEN));
        access.change(service, person, Vec::new(), wakes.collect()).await?;
    }
    let waiting = tokio::time::timeout(PATIENCE, handled(access, cases));
    let waited = match prepared.store {
        StoreHandle::Redis(..) => waiting.await,
        StoreHandle::Embedded(_) => {
            let working =
                work::work(prepared, access.storage.clone(), Until::Drained, stop.clone());
            let waiting = async {
                let waited = waiting.await;
                stop.0.cancel();
                waited
            };
            let (worked, waited) = tokio::join!(working, waiting);
            worked?;
            waited
        }
    };
    waited.context("no worker has ended the person's chats; start one, and run this again")?
}

/// Returns when every mailbox of the person has been told.
async fn handled(access: &Operations, cases: &[Case<'_>]) -> Result<()> {
    let is_wake = |payload: &String| payload.contains(FORGOTTEN);
    for Case { partition, addresses, .. } in cases {
        for group in addresses.iter().map(|address| access.groups.group(address)) {
            while access.storage.mailbox(partition, &group).await?.iter().any(is_wake) {
                tokio::time::sleep(LOOK).await;
            }
        }
    }
    Ok(())
}

/// Returns whether a trace stays on purpose: a bar always, and an opt-out unless it is to go too.
fn stays(trace: &Trace, with_opt_outs: bool) -> bool {
    let is_bar = match trace.place {
        Place::State => ["barred:", "shadowed:"].iter().any(|kind| trace.name.starts_with(kind)),
        Place::Pool => trace.name == BARS,
        _ => false,
    };
    is_bar || (is_opt_out(trace) && !with_opt_outs)
}

fn is_opt_out(trace: &Trace) -> bool {
    match trace.place {
        Place::State => serde_json::from_str::<OptOutRecord>(&trace.text).is_ok(),
        Place::Pool => trace.name == OPTED_OUT,
        _ => false,
    }
}

/// Returns whether a trace is of this person alone. Other people's state, messages and dead letters may
/// quote the number, and mail that several people share is ended by its own handler.
fn is_theirs(trace: &Trace, marks: &Marks) -> bool {
    match trace.place {
        Place::State => marks.name(&trace.name) || is_submission_to(trace, marks),
        Place::Message(_) | Place::DeadLetter(_) => marks.name(&trace.name),
        _ => true,
    }
}

/// Returns whether a trace is a message of a program that waits for its time.
fn is_submission_to(trace: &Trace, marks: &Marks) -> bool {
    let value: serde_json::Value = serde_json::from_str(&trace.text).unwrap_or_default();
    let to = serde_json::from_value::<Address>(value["to"].clone());
    let number = |identity: &Identity| phone::number(identity.reveal());
    to.is_ok_and(|to| {
        to.identity == marks.identity
            || number(&to.identity).is_some_and(|to| number(&marks.identity) == Some(to))
    })
}

/// Searches the store once more, and prints what it has found.
async fn prove(
    access: &Operations,
    cases: &[Case<'_>],
    options: &ForgetOptions,
    erased: usize,
) -> Result<()> {
    let (mut kept, mut left) = (BTreeMap::new(), BTreeMap::new());
    for (partition, marks) in &searches(cases) {
        for trace in access.storage.search(partition, marks).await? {
            let topic = partition.topic.to_string();
            let (found, what) = match stays(&trace, options.opt_out) {
                true if is_opt_out(&trace) => (&mut kept, "opt-outs".to_owned()),
                true => (&mut kept, "bars".to_owned()),
                false => (&mut left, trace.place.to_string()),
            };
            *found.entry((topic, what)).or_insert(0) += 1;
        }
    }
    let mut out = std::io::stdout().lock();
    let number = &cases.first().context("there is no topic")?.person.identity;
    writeln!(out, "{number}: removed: {erased}")?;
    for (topic, what) in kept.keys() {
        let how = if what == "bars" { "crosswire people unban" } else { "--opt-out" };
        writeln!(out, "{number}: kept in {topic}: {what}; `{how}` removes them")?;
    }
    if left.is_empty() {
        writeln!(out, "{number}: the store was searched again: nothing else is left")?;
        return Ok(());
    }
    for ((topic, what), count) in &left {
        writeln!(out, "{number}: left in {topic}: {what}: {count}")?;
    }
    bail!("the person is still named; run this again when the conversations of others have ended")
}

/// Empties the texts of the person's messages at the providers that can.
async fn redact(access: &Operations, cases: &[Case<'_>]) -> Result<()> {
    let (mut redacted, mut failed) = (0, 0);
    for Case { service, person, partition, .. } in cases {
        let Some(transport) = service.transports.get(&person.transport) else { continue };
        for id in provider_ids(access, partition, person).await? {
            match transport.redact(&id).await {
                Ok(true) => redacted += 1,
                Ok(false) => break,
                Err(error) => {
                    failed += 1;
                    tracing::warn!(%error, "message not redacted at the provider");
                }
            }
        }
    }
    writeln!(std::io::stdout(), "messages emptied at the provider: {redacted}")?;
    ensure!(failed == 0, "messages that the provider has not emptied: {failed}; run this again");
    Ok(())
}

/// Returns the provider's ids of the messages to and from a person, as the events know them.
async fn provider_ids(
    access: &Operations,
    partition: &Partition,
    person: &Address,
) -> Result<BTreeSet<String>> {
    let prefix = format!("{}:", person.transport);
    let mut ids = BTreeSet::new();
    for event in access.storage.events(partition, None).await? {
        let address = event.detail.address.as_ref();
        if address.is_none_or(|it| it.without_line() != person.without_line()) {
            continue;
        }
        // The address of an event with an outbound message is the recipient's, else the sender's.
        match event.detail.outbound {
            Some(_) => ids.extend(event.detail.provider_id),
            None => ids.extend(event.message.as_str().strip_prefix(&prefix).map(str::to_owned)),
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::storage::QueueKind;
    use crate::model::address::Group;

    #[test]
    fn message_of_another_person_that_quotes_the_number_is_not_theirs() {
        let marks = Marks {
            identity: Identity::new("+14155550101"),
            groups: vec![Group::from_id("0a1b2c")],
        };
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            for place in [Place::Message(kind), Place::DeadLetter(kind)] {
                let is_theirs = |name: &str| {
                    let text = "{\"text\":\"call +14155550101\"}".to_owned();
                    let trace =
                        Trace { place, name: name.to_owned(), text, locator: String::new() };
                    is_theirs(&trace, &marks)
                };
                assert!(is_theirs("0a1b2c") && is_theirs("ab12.0a1b2c"), "{place}");
                assert!(!is_theirs("ffff") && !is_theirs("ab12.ffff"), "{place}");
            }
        }
    }
}
