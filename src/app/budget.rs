//! The command `budget`: what the topics have spent today, and the resumption of one that is stopped.

use std::io::Write as _;

use anyhow::Result;
use serde_json::json;

use super::App;
use super::commands::{BudgetCommand, BudgetOptions, ResumeOptions};
use super::operator::{self, Way, actor};
use crate::engine::operations::BudgetView;

/// Prints the budgets, or resumes one.
pub(super) async fn run(app: &App, options: &BudgetOptions) -> Result<()> {
    match &options.command {
        None => list(app, options.topic.as_deref()).await,
        Some(BudgetCommand::Resume(resumed)) => resume(app, resumed).await,
    }
}

async fn list(app: &App, topic: Option<&str>) -> Result<()> {
    let operations = operator::inspect(app, topic)?;
    let mut out = std::io::stdout().lock();
    let mut count = 0;
    for service in &operations.services {
        for budget in operations.budgets(service).await? {
            writeln!(out, "{}", row(service.config.name.as_str(), &budget))?;
            count += 1;
        }
    }
    if count == 0 {
        writeln!(out, "no topic has a budget; set sending.daily_segments in topics.toml")?;
    }
    Ok(())
}

fn row(topic: &str, budget: &BudgetView) -> String {
    let BudgetView { scope, limit, spent, left, added } = budget;
    let name = if scope.is_empty() { topic.to_owned() } else { format!("{topic} {scope}") };
    let total = limit.saturating_add(*added);
    let added = if *added > 0 { format!(" ({added} added)") } else { String::new() };
    format!("{name}: {spent} of {total} segments spent today{added}, {left} left")
}

/// Adds to the budget of today, and ends the pause that it has caused.
async fn resume(app: &App, options: &ResumeOptions) -> Result<()> {
    let ResumeOptions { topic, country, add } = options;
    let scope = country.as_deref().unwrap_or_default();
    let budget = match operator::way(app, Some(topic)).await? {
        Way::Store(operations) => operations.resume_budget(&actor(app), topic, scope, *add).await?,
        Way::Server(_, client) => {
            let body = json!({ "topic": topic, "scope": scope, "add": add });
            serde_json::from_value(operator::post(&client, "/budgets/resume", &body).await?)?
        }
    };
    writeln!(std::io::stdout(), "{}", row(topic, &budget))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_says_what_is_left() {
        let budget = |scope: &str, limit: u64, spent: u64, added: u64| {
            let left = (limit + added).saturating_sub(spent);
            BudgetView { scope: scope.to_owned(), limit, spent, left, added }
        };
        assert_eq!(row("t", &budget("", 100, 40, 0)), "t: 40 of 100 segments spent today, 60 left");
        assert_eq!(
            row("t", &budget("+44", 10, 12, 5)),
            "t +44: 12 of 15 segments spent today (5 added), 3 left"
        );
    }
}
