//! The commands `dead`: messages that were given up are listed, replayed or dropped.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, bail, ensure};
use serde_json::json;

use super::App;
use super::commands::{
    DeadCommand, DeadFilterOptions, DeadListOptions, DeadMoveOptions, DeadShowOptions,
};
use super::operator::{self, Way, actor};
use super::people::time;
use crate::engine::operations::{DeadFilter, DeadRow, DeadView, Fate, LetterId};

/// Dead letters that a list has when nothing else is asked for.
const USUAL: usize = 50;
/// Dead letters that are read, or moved, at a time.
const STEP: usize = 200;

/// Runs one of the commands.
pub(super) async fn run(app: &App, command: &DeadCommand) -> Result<()> {
    match command {
        DeadCommand::List(options) => list(app, options).await,
        DeadCommand::Show(options) => show(app, options).await,
        DeadCommand::Replay(options) => settle(app, options, Fate::Replay).await,
        DeadCommand::Drop(options) => settle(app, options, Fate::Drop).await,
        DeadCommand::Export(options) => export(app, options).await,
    }
}

async fn list(app: &App, options: &DeadListOptions) -> Result<()> {
    let limit = options.limit.unwrap_or(USUAL);
    let mut count = 0;
    let more = each(app, options, limit, |view| {
        count += 1;
        let row = view.row(options.show);
        let line = if options.json { serde_json::to_string(&row)? } else { line(&row) };
        Ok(writeln!(std::io::stdout(), "{line}")?)
    });
    if more.await? && !options.json {
        writeln!(std::io::stderr(), "there are more; see --limit and the filters")?;
    }
    if count == 0 && !options.json {
        writeln!(std::io::stdout(), "there are no dead letters like that")?;
    }
    Ok(())
}

async fn export(app: &App, options: &DeadListOptions) -> Result<()> {
    let mut out = csv::Writer::from_writer(std::io::stdout());
    let limit = options.limit.unwrap_or(usize::MAX);
    each(app, options, limit, |view| Ok(out.serialize(view.row(options.show).in_table())?)).await?;
    Ok(out.flush()?)
}

/// Passes on the dead letters of a list. Returns whether there are more.
async fn each(
    app: &App,
    options: &DeadListOptions,
    limit: usize,
    mut pass_on: impl FnMut(&DeadView) -> Result<()>,
) -> Result<bool> {
    let operations = operator::read(app, options.filter.topic.as_deref())?;
    let (filter, mut before, mut left) = (filter(&options.filter), None, limit);
    while left > 0 {
        let page = operations.dead_letters(&filter, before.as_deref(), left.min(STEP)).await?;
        page.letters.iter().try_for_each(&mut pass_on)?;
        left -= page.letters.len();
        before = page.next;
        if before.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn show(app: &App, options: &DeadShowOptions) -> Result<()> {
    let operations = operator::read(app, None)?;
    let letters = operations.dead_letters_of(&decoded(&options.ids)?).await?;
    ensure!(!letters.is_empty(), "there is no such dead letter any more; list them again");
    let mut out = std::io::stdout().lock();
    for view in &letters {
        let row = view.row(options.show);
        let entered = view.letter.entered_at.map(time).unwrap_or_default();
        writeln!(out, "id       {}", row.id)?;
        writeln!(out, "message  {}", row.message)?;
        writeln!(out, "queued   {entered}")?;
        writeln!(out, "died     {}", time(row.at))?;
        writeln!(out, "reason   {}", row.reason.escape_debug())?;
        writeln!(out, "person   {}", row.person.unwrap_or_default())?;
        // A text may hold characters that a terminal obeys.
        let text = row.text.map(|text| text.escape_debug().to_string());
        writeln!(out, "text     {}\n", text.unwrap_or_else(|| "see --show".to_owned()))?;
    }
    Ok(())
}

async fn settle(app: &App, options: &DeadMoveOptions, fate: Fate) -> Result<()> {
    let way = operator::way(app, options.filter.topic.as_deref()).await?;
    let mut letters = match options.ids.as_slice() {
        [] => way.operations().find_dead(&filter(&options.filter)).await?,
        ids => decoded(ids)?,
    };
    letters.truncate(options.limit.unwrap_or(usize::MAX));
    ensure!(!letters.is_empty(), "there are no dead letters like that");
    if !options.yes {
        confirm(fate, letters.len())?;
    }
    let (mut done, total) = (0, letters.len());
    for (number, some) in letters.chunks(STEP).enumerate() {
        done += settle_some(app, &way, fate, some).await?;
        if total > STEP {
            let seen = (number * STEP + some.len()).min(total);
            writeln!(std::io::stderr(), "{}: {seen} of {total}", fate.as_str())?;
        }
    }
    let verb = if fate == Fate::Replay { "replayed" } else { "dropped" };
    writeln!(std::io::stdout(), "dead letters {verb}: {done}")?;
    Ok(())
}

async fn settle_some(app: &App, way: &Way, fate: Fate, some: &[LetterId]) -> Result<u64> {
    match way {
        Way::Store(operations) => Ok(operations.settle_dead(&actor(app), fate, some).await?),
        Way::Server(_, client) => {
            let ids: Vec<String> = some.iter().map(LetterId::encode).collect();
            let path = format!("/dead/{}", fate.as_str());
            let moved = operator::post(client, &path, &json!({ "ids": ids })).await?;
            Ok(moved["done"].as_u64().unwrap_or_default())
        }
    }
}

fn confirm(fate: Fate, count: usize) -> Result<()> {
    let (stdin, mut out) = (std::io::stdin(), std::io::stderr());
    if !stdin.is_terminal() {
        bail!("this would {} {count} dead letters; say so by --yes", fate.as_str());
    }
    write!(out, "{} {count} dead letters? [y/N] ", fate.as_str())?;
    out.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    ensure!(answer.trim().eq_ignore_ascii_case("y"), "nothing was done");
    Ok(())
}

fn filter(options: &DeadFilterOptions) -> DeadFilter {
    DeadFilter {
        topic: options.topic.clone(),
        queue: options.queue.map(Into::into),
        reason: options.reason.clone(),
        person: options.person.clone(),
        since: options.since,
    }
}

fn decoded(ids: &[String]) -> Result<Vec<LetterId>> {
    ids.iter().map(|id| Ok(LetterId::decode(id)?)).collect()
}

fn line(row: &DeadRow) -> String {
    let person = row.person.as_deref().unwrap_or_default();
    let text = row.text.as_ref().map(|text| format!("  {}", text.escape_debug()));
    format!(
        "{}  {}  {person}  {}{}",
        time(row.at),
        row.id,
        row.reason.escape_debug(),
        text.unwrap_or_default()
    )
}
