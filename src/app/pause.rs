//! The commands `pause` and `resume`: pauses of a topic or a line by an operator.

use std::io::Write as _;

use anyhow::{Result, ensure};
use serde_json::json;

use super::App;
use super::commands::{PauseOptions, UnpauseOptions};
use super::operator::{self, Way, actor};
use crate::contracts::storage::{Pause, PauseScope};
use crate::engine::operations::{Operations, spellings};
use crate::model::address::Identity;

/// Pauses a topic, a transport or a line, and prints what is paused.
pub(super) async fn pause(app: &App, options: &PauseOptions) -> Result<()> {
    let PauseOptions { topic, line, transport, reason, .. } = options;
    let (way, time) = (operator::way(app, Some(topic)).await?, options.time.map(Into::into));
    let scopes = scopes(way.operations(), topic, line.as_deref(), transport.as_deref()).await?;
    for scope in scopes {
        match &way {
            Way::Store(operations) => {
                operations.pause(&actor(app), topic, &scope, time, reason.as_deref()).await?;
            }
            Way::Server(_, client) => {
                let body = json!({
                    "topic": topic, "scope": scope.short(),
                    "seconds": time.map(|time| time.as_secs()), "reason": reason,
                });
                operator::post(client, "/pauses", &body).await?;
            }
        }
    }
    print(topic, &way.operations().pauses(topic).await?)
}

/// Ends pauses, and prints what is still paused.
pub(super) async fn resume(app: &App, options: &UnpauseOptions) -> Result<()> {
    let UnpauseOptions { topic, line, transport } = options;
    let way = operator::way(app, Some(topic)).await?;
    let pauses = way.operations().pauses(topic).await?;
    let lines = line.as_ref().map(|line| spellings(&Identity::new(line)));
    let is_whole = line.is_none() && transport.is_none();
    let is_wanted = |pause: &&Pause| {
        let scope = &pause.scope;
        if is_whole {
            return scope.by_operator;
        }
        let is_line = match (&scope.line, &lines) {
            (Some(line), Some(lines)) => lines.contains(line),
            (scope, lines) => scope.is_none() && lines.is_none(),
        };
        is_line && transport.as_ref().is_none_or(|it| scope.transport == *it)
    };
    let ended: Vec<&Pause> = pauses.iter().filter(is_wanted).collect();
    ensure!(!ended.is_empty(), "nothing is paused there; `crosswire status` shows what is");
    for Pause { scope, .. } in ended {
        match &way {
            Way::Store(operations) => {
                operations.resume(&actor(app), topic, scope).await?;
            }
            Way::Server(_, client) => {
                let body = json!({ "topic": topic, "scope": scope.short() });
                operator::post(client, "/pauses/resume", &body).await?;
            }
        }
    }
    print(topic, &way.operations().pauses(topic).await?)
}

async fn scopes(
    operations: &Operations,
    topic: &str,
    line: Option<&str>,
    transport: Option<&str>,
) -> Result<Vec<PauseScope>> {
    if line.is_none() && transport.is_none() {
        return Ok(vec![PauseScope::of_topic()]);
    }
    let service = operations.service(topic)?;
    let names = service.config.transports.iter().map(|config| config.name.as_str());
    let scopes: Vec<PauseScope> = names
        .filter(|name| transport.is_none_or(|it| it == *name))
        .map(|name| PauseScope::of_operator(name, None))
        .collect();
    ensure!(!scopes.is_empty(), "the topic has no such transport; name one of topics.toml");
    let Some(line) = line else { return Ok(scopes) };
    let wanted = spellings(&Identity::new(line));
    let mut known = operations.lines_of(topic).await?;
    known.retain(|it| {
        let is_named = scopes.iter().any(|scope| scope.transport == it.transport);
        is_named && it.line.as_ref().is_some_and(|line| wanted.contains(line))
    });
    ensure!(
        !known.is_empty(),
        "no transport of the topic has this line, and no message came or went by it; write one that \
         the topic uses"
    );
    Ok(known)
}

fn print(topic: &str, pauses: &[Pause]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for pause in pauses {
        writeln!(out, "{topic}: {pause}")?;
    }
    if pauses.is_empty() {
        writeln!(out, "{topic}: nothing is paused")?;
    }
    Ok(())
}
