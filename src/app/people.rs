//! The commands `people`: bars of people, and the reports about them.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, SecondsFormat, Utc};

use super::App;
use super::commands::{BanOptions, PersonOptions, ReportsOptions};
use super::operator::{Access, people, shown, wake};
use crate::contracts::handler::BARRED;
use crate::contracts::storage::Partition;
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, GroupKey};
use crate::model::clock::{Clock as _, SystemClock};
use crate::model::phone::normalize;
use crate::model::standing::{self, BARS, Bar, REPORTS, Report};

/// Longest time for which a person is barred by a time.
const LONGEST: Duration = Duration::from_hours(3650 * 24);
/// Values that are read by one round trip.
const STEP: usize = 500;

/// Bars a person, ends what they take part in, and prints what was done.
pub(super) async fn ban(app: &App, options: &BanOptions) -> Result<()> {
    if options.time.is_some_and(|time| time.is_zero() || *time > LONGEST) {
        bail!("--for: write a time above zero and up to 10 years, such as 7d");
    }
    let access = Access::write(app, options.person.topic.as_deref()).await?;
    let PersonOptions { number, transport, .. } = &options.person;
    let at = SystemClock.now();
    let until = options.time.map(|time| at + *time);
    for service in &access.services {
        for person in people(service, number, transport.as_deref())? {
            let sealed = seal(&access.groups, &person);
            let (shadow, reason) = (options.shadow, options.reason.clone());
            let bar = Bar { at, until, shadow, reason, person: sealed };
            let known = access.addresses(service, &person).await?;
            let wakes = known.iter().map(|address| wake(&access.groups, address, BARRED));
            let writes = standing::bar(&access.groups, &person, &bar);
            access.change(service, &person, writes, wakes.collect()).await?;
            writeln!(
                std::io::stdout(),
                "{}",
                bar_row(service, &person, &bar, options.person.show)
            )?;
        }
    }
    Ok(())
}

/// Ends a bar of either kind.
pub(super) async fn unban(app: &App, options: &PersonOptions) -> Result<()> {
    let access = Access::write(app, options.topic.as_deref()).await?;
    for service in &access.services {
        for person in people(service, &options.number, options.transport.as_deref())? {
            let writes = standing::lift(&access.groups, &person);
            access.change(service, &person, writes, Vec::new()).await?;
            let person = format!("{} {}", person.transport, shown(&person.identity, options.show));
            writeln!(std::io::stdout(), "{}  {person}  is not barred", service.config.name)?;
        }
    }
    Ok(())
}

/// Lists the people who are barred.
pub(super) async fn bans(app: &App, options: &ReportsOptions) -> Result<()> {
    let access = Access::read(app, options.topic.as_deref())?;
    let mut rows = Vec::new();
    for service in &access.services {
        for partition in service.partitions() {
            for (member, _) in pool(&access, &partition, BARS, |_| String::new()).await? {
                let keys = ["barred", "shadowed"].map(|kind| format!("{kind}:{member}"));
                let values = access.store.values(&partition, &keys).await?;
                let bar =
                    values.into_iter().flatten().find_map(|it| serde_json::from_str(&it).ok());
                let Some(bar): Option<Bar> = bar else { continue };
                let Some(person) = open(&access.groups, &bar.person) else { continue };
                if is_wanted(&person, options.number.as_deref()) {
                    rows.push((bar.at, bar_row(service, &person, &bar, options.show)));
                }
            }
        }
    }
    print(rows, "no person is barred")
}

/// Lists the reports, the oldest first.
pub(super) async fn reports(app: &App, options: &ReportsOptions) -> Result<()> {
    let access = Access::read(app, options.topic.as_deref())?;
    let key = access.groups.seal_key(standing::SEAL);
    let mut rows = Vec::new();
    for service in &access.services {
        for partition in service.partitions() {
            let kept = |member: &str| Report::key(&crate::model::address::Group::from_id(member));
            for (_, value) in pool(&access, &partition, REPORTS, kept).await? {
                let report = value.and_then(|value| Report::read(&value, &key));
                let Some(report) = report else { continue };
                if is_wanted(&report.reported, options.number.as_deref()) {
                    rows.push((report.at, report_rows(service, &report, options.show)));
                }
            }
        }
    }
    print(rows, "no report is kept")
}

/// Returns the members of a pool, each with the value under its key.
async fn pool(
    access: &Access,
    partition: &Partition,
    pool: &str,
    key: impl Fn(&str) -> String,
) -> Result<Vec<(String, Option<String>)>> {
    let size = usize::try_from(access.store.size(partition, pool).await?)?;
    let members = access.store.members(partition, pool, size).await?;
    let mut found = Vec::new();
    for members in members.chunks(STEP) {
        let keys: Vec<String> = members.iter().map(|it| key(it.group.as_str())).collect();
        let values = access.store.values(partition, &keys).await?;
        let names = members.iter().map(|member| member.group.as_str().to_owned());
        found.extend(names.zip(values));
    }
    Ok(found)
}

fn print(mut rows: Vec<(DateTime<Utc>, String)>, none: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    rows.sort();
    if rows.is_empty() {
        writeln!(out, "{none}")?;
    }
    rows.iter().try_for_each(|(_, row)| writeln!(out, "{row}"))?;
    Ok(())
}

fn is_wanted(person: &Address, number: Option<&str>) -> bool {
    number.is_none_or(|number| person.identity.reveal() == normalize(number.trim()))
}

fn seal(groups: &GroupKey, person: &Address) -> String {
    let json = serde_json::to_vec(person).expect("an address is strings throughout");
    groups.seal_key(standing::SEAL).seal(&json)
}

fn open(groups: &GroupKey, sealed: &str) -> Option<Address> {
    serde_json::from_slice(&groups.seal_key(standing::SEAL).open(sealed)?).ok()
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn bar_row(service: &TopicRuntime, person: &Address, bar: &Bar, show: bool) -> String {
    let kind = if bar.shadow { "shadow" } else { "barred" };
    let until = bar.until.map_or_else(|| "for good".to_owned(), |at| format!("until {}", time(at)));
    let reason = bar.reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
    let person = format!("{} {}", person.transport, shown(&person.identity, show));
    format!("{}  {}  {person}  {kind}  {until}{reason}", time(bar.at), service.config.name)
}

/// Returns the lines of a report. Without `show` its texts are only counted.
fn report_rows(service: &TopicRuntime, report: &Report, show: bool) -> String {
    let Report { at, reported, reporter, strikes, texts } = report;
    let mut rows = format!(
        "{}  {}  {} {}  reported by {}  strikes: {strikes}, texts: {}",
        time(*at),
        service.config.name,
        reported.transport,
        shown(&reported.identity, show),
        shown(&reporter.identity, show),
        texts.len()
    );
    for text in texts.iter().filter(|_| show) {
        let by = if text.by_reported { "reported" } else { "reporter" };
        // A text may hold characters that a terminal obeys.
        let shown = text.text.reveal().escape_debug().to_string();
        rows.extend(["\n    ", &time(text.at), "  ", by, ": ", &shown]);
    }
    rows
}
