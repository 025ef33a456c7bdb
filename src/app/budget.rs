//! The command `budget`: what the topics have spent today, and the resumption of one that is stopped.

use std::io::Write;

use anyhow::{Context, bail};

use super::commands::{BudgetCommand, BudgetOptions, ResumeOptions};
use super::store::StoreHandle;
use crate::contracts::storage::{Spending, Storage};
use crate::engine::topic::TopicRuntime;

/// Prints the budgets of these topics, or resumes one.
pub(super) async fn run(
    services: &[TopicRuntime],
    store: &StoreHandle,
    options: &BudgetOptions,
) -> anyhow::Result<()> {
    let store = store.connect()?;
    let mut out = std::io::stdout().lock();
    match &options.command {
        None => list(services, store.as_ref(), &mut out).await,
        Some(BudgetCommand::Resume(resumed)) => {
            resume(services, store.as_ref(), resumed, &mut out).await
        }
    }
}

async fn list(
    services: &[TopicRuntime],
    store: &dyn Storage,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut count = 0;
    for service in services {
        let topic = &service.config.name;
        for (scope, limit) in service.config.sending.budgets.all() {
            let spending = store.spending(topic, scope).await?;
            writeln!(out, "{}", row(topic.as_str(), scope, limit, spending))?;
            count += 1;
        }
    }
    if count == 0 {
        writeln!(out, "no topic has a budget; set sending.daily_segments in topics.toml")?;
    }
    Ok(())
}

fn row(topic: &str, scope: &str, limit: u64, spending: Spending) -> String {
    let Spending { spent, added } = spending;
    let name = if scope.is_empty() { topic.to_owned() } else { format!("{topic} {scope}") };
    let total = limit.saturating_add(added);
    let added = if added > 0 { format!(" ({added} added)") } else { String::new() };
    let left = total.saturating_sub(spent);
    format!("{name}: {spent} of {total} segments spent today{added}, {left} left")
}

/// Adds to the budget of today, and ends the pause that it has caused.
async fn resume(
    services: &[TopicRuntime],
    store: &dyn Storage,
    options: &ResumeOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let scope = options.country.as_deref().unwrap_or_default();
    let service = services.first().context("there is no such topic")?;
    let topic = &service.config.name;
    let budget = service.config.sending.budgets.all().find(|(name, _)| *name == scope);
    let Some((_, limit)) = budget else {
        bail!("{topic} has no such budget; `crosswire budget` lists those that exist")
    };
    let fix = "the embedded store takes no change beside its process: raise the budget in topics.toml \
               and restart the process";
    store.raise(topic, scope, options.add.unwrap_or(limit)).await.context(fix)?;
    for pause in store.pauses(topic).await? {
        // The pauses that providers cause have a code.
        if pause.code == 0 {
            store.resume(topic, &pause.scope).await?;
        }
    }
    let spending = store.spending(topic, scope).await?;
    Ok(writeln!(out, "{}", row(topic.as_str(), scope, limit, spending))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_says_what_is_left() {
        let spent = |spent, added| Spending { spent, added };
        assert_eq!(row("t", "", 100, spent(40, 0)), "t: 40 of 100 segments spent today, 60 left");
        assert_eq!(
            row("t", "+44", 10, spent(12, 5)),
            "t +44: 12 of 15 segments spent today (5 added), 3 left"
        );
    }
}
