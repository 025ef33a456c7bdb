//! The command `migrate`: all data of one store is copied into another, and both are compared.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::commands::MigrateOptions;
use crate::contracts::figures::{LOST_AFTER, ProcessReport};
use crate::contracts::settings::Environment;
use crate::contracts::storage::transfer::{Record, Transfer};
use crate::contracts::storage::{HeadState, Partition, Queue, QueueKind, Storage};
use crate::engine::processes;
use crate::model::clock::{Clock, SystemClock};
use crate::stores::redis::{Redis, RedisConfig};
use crate::stores::sqlite::{Sqlite, SqliteConfig};

/// Batches that wait for the other store.
const WAITING: usize = 4;

/// Time within which what ends is not compared, as it may end between the two readings. It grows when they
/// take longer.
const MARGIN: Duration = Duration::from_mins(10);

/// Messages in hand that are looked at in each partition.
const HEADS: usize = 1_000;

/// Store at one end of a migration.
enum End {
    Redis(Box<Redis>),
    Embedded(Box<Sqlite>),
}

impl End {
    fn transfer(&self) -> &dyn Transfer {
        match self {
            Self::Redis(redis) => redis.as_ref(),
            Self::Embedded(sqlite) => sqlite.as_ref(),
        }
    }

    fn storage(&self) -> &dyn Storage {
        match self {
            Self::Redis(redis) => redis.as_ref(),
            Self::Embedded(sqlite) => sqlite.as_ref(),
        }
    }
}

/// Copies the data, and prints and checks what both stores then hold.
pub(super) async fn migrate(environment: &Environment, options: &MigrateOptions) -> Result<()> {
    let (from, to) = (address(environment, &options.from)?, address(environment, &options.to)?);
    // Held to the end, so that no process starts on the directory.
    let _lock = if options.force { None } else { lock_source(&from).context("--from")? };
    let source = open_source(environment, &from).await.context("--from")?;
    let target = open_target(environment, &to).await.context("--to")?;
    let before = survey(source.transfer(), 0).await.context("--from")?;
    if before.total() == 0 {
        bail!("--from: the store is empty, so there is nothing to copy; check its address");
    }
    if !options.force {
        refuse_running(source.storage(), &before.partitions).await?;
    }
    if survey(target.transfer(), 0).await.context("--to")?.total() > 0 {
        bail!("--to: the store is not empty; name an empty one, or empty it first");
    }
    copy(source.transfer(), target.transfer())
        .await
        .context("the copy is incomplete and not to be used; empty --to before the next attempt")?;
    prove(source.transfer(), target.transfer()).await?;
    if !options.force {
        let started = "a process has started meanwhile, so the copy is not to be used; empty --to";
        refuse_running(source.storage(), &before.partitions).await.context(started)?;
    }
    Ok(())
}

/// Returns an address, or the one in the variable that it names.
fn address(environment: &Environment, given: &str) -> Result<String> {
    let Some(name) = given.strip_prefix("env:") else { return Ok(given.to_owned()) };
    let value = environment.get(name).map(str::to_owned);
    value.with_context(|| format!("the variable {name} is not set; set it to a Redis URL"))
}

async fn open_redis(environment: &Environment, url: &str) -> Result<End> {
    let verify_tls = environment.get("REDIS_TLS_VERIFY") != Some("false");
    let url = SecretString::from(url);
    let redis = Redis::connect(RedisConfig { url, verify_tls, wait_replicas: 0 }).await?;
    Ok(End::Redis(Box::new(redis)))
}

/// Locks a directory, if there is one.
fn lock_source(address: &str) -> Result<Option<File>> {
    let directory = Path::new(address);
    let is_there = !address.contains("://") && Sqlite::exists(directory);
    Ok(is_there.then(|| Sqlite::require_unused(directory)).transpose()?)
}

async fn open_source(environment: &Environment, address: &str) -> Result<End> {
    if address.contains("://") {
        return open_redis(environment, address).await;
    }
    let directory = Path::new(address);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    if !Sqlite::exists(directory) {
        bail!(
            "{address} holds no crosswire.db; name the DATA_DIR of the deployment, or a Redis URL"
        );
    }
    Ok(End::Embedded(Box::new(Sqlite::open_read_only(directory, &clock)?)))
}

async fn open_target(environment: &Environment, address: &str) -> Result<End> {
    if address.contains("://") {
        return open_redis(environment, address).await;
    }
    let (directory, clock) = (Path::new(address).to_owned(), Arc::new(SystemClock));
    let sqlite = Sqlite::open(SqliteConfig { directory, clock, ephemeral: None })?;
    Ok(End::Embedded(Box::new(sqlite)))
}

/// Refuses a store on which a process has reported lately, or has messages in hand.
async fn refuse_running(store: &dyn Storage, partitions: &[Partition]) -> Result<()> {
    let hint = "stop all processes of the deployment first, or copy all the same with --force";
    for partition in partitions {
        let reports = match partition.number {
            0 => processes::reports(store, &partition.topic).await?,
            _ => Vec::new(),
        };
        for report in reports {
            let age = (SystemClock.now() - report.at).to_std().unwrap_or_default();
            if !report.stopped && age < LOST_AFTER {
                let ProcessReport { role, host, .. } = report;
                bail!("--from: a {role} process on {host} runs on the store; {hint}");
            }
        }
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            let queue = Queue { partition: partition.clone(), kind };
            let heads = store.heads(&queue, HEADS).await?;
            let is_held =
                |state: &HeadState| matches!(state, HeadState::Leased(left) if !left.is_zero());
            if heads.iter().any(|head| is_held(&head.state)) {
                bail!("--from: a process has messages of {partition} in hand; {hint}");
            }
        }
    }
    Ok(())
}

async fn copy(source: &dyn Transfer, target: &dyn Transfer) -> Result<()> {
    let (sender, mut records) = mpsc::channel(WAITING);
    // An end that fails closes the channel, which ends the other.
    let importing = async move {
        while let Some(batch) = records.recv().await {
            target.import(batch).await?;
        }
        anyhow::Ok(())
    };
    let (exported, imported) = tokio::join!(source.export(sender), importing);
    imported?;
    Ok(exported?)
}

/// Number and digest of the records of each kind.
#[derive(Default)]
struct Survey {
    counts: [u64; Record::KINDS.len()],
    /// Sums, so that the order in which a store returns its records does not matter.
    digests: [u128; Record::KINDS.len()],
    partitions: Vec<Partition>,
}

impl Survey {
    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn add(&mut self, record: &Record) {
        let kind = record.kind();
        self.counts[kind] += 1;
        self.digests[kind] = self.digests[kind].wrapping_add(record.digest());
        let partition = match record {
            Record::Queue { queue, .. } => Some(&queue.partition),
            Record::Value { partition, .. } => Some(partition),
            _ => None,
        };
        if let Some(partition) = partition.filter(|it| !self.partitions.contains(it)) {
            self.partitions.push(partition.clone());
        }
    }
}

/// Reads all records of a store but those that end before a time.
async fn survey(store: &dyn Transfer, horizon: i64) -> Result<Survey> {
    let (sender, mut records) = mpsc::channel::<Vec<Record>>(WAITING);
    let summing = async {
        let mut survey = Survey::default();
        while let Some(batch) = records.recv().await {
            let lasting = batch.iter().filter(|it| it.ends().is_none_or(|ends| ends > horizon));
            lasting.for_each(|record| survey.add(record));
        }
        survey
    };
    let (exported, survey) = tokio::join!(store.export(sender), summing);
    exported?;
    Ok(survey)
}

/// Reads both stores once more, prints what they hold side by side, and fails when it differs.
async fn prove(source: &dyn Transfer, target: &dyn Transfer) -> Result<()> {
    let mut margin = MARGIN;
    loop {
        let horizon = (SystemClock.now() + margin).timestamp_millis();
        let ours = async { survey(source, horizon).await.context("--from") };
        let theirs = async { survey(target, horizon).await.context("--to") };
        let (from, to) = tokio::try_join!(ours, theirs)?;
        if SystemClock.now().timestamp_millis() <= horizon {
            return compare(&from, &to, margin);
        }
        // What was compared may have ended in one store and not in the other.
        margin *= 4;
    }
}

/// Prints what two stores hold side by side.
fn compare(from: &Survey, to: &Survey, margin: Duration) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<15} {:>10} {:>10}  digest", "", "from", "to")?;
    let mut different = Vec::new();
    for (kind, name) in Record::KINDS.iter().enumerate() {
        let (ours, theirs) = (from.digests[kind], to.digests[kind]);
        let digest = if ours == theirs && from.counts[kind] == to.counts[kind] {
            format!("{ours:032x} both")
        } else {
            different.push(*name);
            format!("{ours:032x} is not {theirs:032x}")
        };
        writeln!(out, "{name:<15} {:>10} {:>10}  {digest}", from.counts[kind], to.counts[kind])?;
    }
    if !different.is_empty() {
        bail!(
            "the stores differ in: {}; stop every process that uses either, empty --to and repeat",
            different.join(", ")
        );
    }
    writeln!(out, "equal: {} records", from.total())?;
    writeln!(out, "not compared: what ends within {} minutes", margin.as_secs() / 60)?;
    writeln!(
        out,
        "not copied: the pace of each line, and counts of repeated texts; both begin anew"
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(key: &str, ends: i64) -> Record {
        let partition = Partition::first(&"chat".parse().unwrap());
        Record::Value { partition, key: key.to_owned(), value: "v".to_owned(), ends }
    }

    async fn store(records: Vec<Record>) -> Sqlite {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = Sqlite::in_memory(&clock).unwrap();
        store.import(records).await.unwrap();
        store
    }

    #[tokio::test]
    async fn proof_fails_on_a_record_that_is_missing_or_different() {
        let soon = (SystemClock.now() + MARGIN / 2).timestamp_millis();
        let late = (SystemClock.now() + MARGIN * 9).timestamp_millis();
        let original = store(vec![value("a", late), value("b", late), value("c", soon)]).await;
        let same = store(vec![value("b", late), value("a", late)]).await;
        prove(&original, &same).await.unwrap();
        for other in [vec![value("a", late)], vec![value("a", late), value("b", late + 1)]] {
            let error = prove(&original, &store(other).await).await.unwrap_err().to_string();
            assert!(error.contains("differ in: values;"), "{error}");
        }
    }
}
