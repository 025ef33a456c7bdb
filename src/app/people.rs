//! The commands `people`: bars of people, and the reports about them.

use std::io::Write as _;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::App;
use super::commands::{BanOptions, PersonOptions, ReportsOptions};
use super::operator::{self, Way, actor};
use crate::engine::operations::{BarOrder, BarRow, PersonName, ReportView, shown};

/// Bars a person, ends what they take part in, and prints what was done.
pub(super) async fn ban(app: &App, options: &BanOptions) -> Result<()> {
    let PersonOptions { number, topic, transport, show } = &options.person;
    let time = options.time.map(Into::into);
    let rows = match operator::way(app, topic.as_deref()).await? {
        Way::Store(operations) => {
            let order = BarOrder { time, shadow: options.shadow, reason: options.reason.clone() };
            let done = operations.ban(&actor(app), &name(&options.person), &order).await?;
            done.iter().map(|it| it.row(*show)).collect()
        }
        Way::Server(_, client) => {
            let body = json!({
                "topic": topic, "transport": transport, "number": number,
                "for": time.map(|time| time.as_secs()), "shadow": options.shadow,
                "reason": options.reason,
            });
            rows(operator::post(&client, "/bans", &body).await?)?
        }
    };
    print_all(rows.iter().map(bar_row))
}

/// Ends a bar of either kind.
pub(super) async fn unban(app: &App, options: &PersonOptions) -> Result<()> {
    let PersonOptions { number, topic, transport, show } = options;
    let lines: Vec<String> = match operator::way(app, topic.as_deref()).await? {
        Way::Store(operations) => {
            let done = operations.unban(&actor(app), &name(options)).await?;
            let line = |(topic, person): &(_, crate::model::address::Address)| {
                lifted(topic, &person.transport, &shown(&person.identity, *show))
            };
            done.iter().map(line).collect()
        }
        Way::Server(_, client) => {
            let body = json!({ "topic": topic, "transport": transport, "number": number });
            let answer = operator::post(&client, "/bans/lift", &body).await?;
            let lines = answer["done"].as_array().into_iter().flatten();
            let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
            lines
                .map(|it| lifted(&text(it, "topic"), &text(it, "transport"), &text(it, "number")))
                .collect()
        }
    };
    print_all(lines)
}

/// Lists the people who are barred.
pub(super) async fn bans(app: &App, options: &ReportsOptions) -> Result<()> {
    let operations = operator::read(app, options.topic.as_deref())?;
    let found = operations.bars(options.topic.as_deref(), options.number.as_deref()).await?;
    if found.is_empty() {
        return print_all(["no person is barred".to_owned()]);
    }
    print_all(found.iter().map(|it| bar_row(&it.row(options.show))))
}

/// Lists the reports, the oldest first.
pub(super) async fn reports(app: &App, options: &ReportsOptions) -> Result<()> {
    let operations = operator::read(app, options.topic.as_deref())?;
    let found = operations.reports(options.topic.as_deref(), options.number.as_deref()).await?;
    if found.is_empty() {
        return print_all(["no report is kept".to_owned()]);
    }
    print_all(found.iter().map(|it| report_rows(it, options.show)))
}

fn name(options: &PersonOptions) -> PersonName {
    PersonName {
        topic: options.topic.clone(),
        transport: options.transport.clone(),
        number: Some(options.number.clone()),
        handle: None,
    }
}

fn rows(answer: Value) -> Result<Vec<BarRow>> {
    let Value::Object(mut fields) = answer else { return Ok(Vec::new()) };
    Ok(serde_json::from_value(fields.remove("done").unwrap_or_default())?)
}

fn print_all(rows: impl IntoIterator<Item = String>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    Ok(rows.into_iter().try_for_each(|row| writeln!(out, "{row}"))?)
}

/// Returns a text of others without the characters that a terminal obeys.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        // Neither does a text turn the direction in which the row is read.
        let is_obeyed = character.is_control()
            || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_obeyed {
            plain.extend(character.escape_debug());
        } else {
            plain.push(character);
        }
    }
    plain
}

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn bar_row(row: &BarRow) -> String {
    let BarRow { at, topic, transport, number, .. } = row;
    let kind = if row.shadow { "shadow" } else { "barred" };
    let until = row.until.map_or_else(|| "for good".to_owned(), |at| format!("until {}", time(at)));
    let reason = row.reason.as_ref().map(|it| format!("  {}", plain(it))).unwrap_or_default();
    let number = plain(number);
    format!("{}  {topic}  {transport} {number}  {kind}  {until}{reason}", time(*at))
}

fn lifted(topic: &impl std::fmt::Display, transport: &str, number: &str) -> String {
    format!("{topic}  {transport} {number}  is not barred")
}

/// Returns the lines of a report. Without `show` its texts are only counted.
fn report_rows(view: &ReportView, show: bool) -> String {
    let row = view.row(show);
    let mut rows = format!(
        "{}  {}  {} {}  reported by {}  strikes: {}, texts: {}",
        time(row.at),
        row.topic,
        row.transport,
        row.reported,
        row.reporter,
        row.strikes,
        view.report.texts.len()
    );
    for text in view.report.texts.iter().filter(|_| show) {
        let by = if text.by_reported { "reported" } else { "reporter" };
        // A text may hold characters that a terminal obeys.
        let shown = text.text.reveal().escape_debug().to_string();
        rows.extend(["\n    ", &time(text.at), "  ", by, ": ", &shown]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_cannot_command_the_terminal_that_shows_it() {
        assert_eq!(plain("it's \u{1b}[2J\nso\u{202e}"), "it's \\u{1b}[2J\\nso\\u{202e}");
        assert_eq!(plain("Zoë \"🙂\""), "Zoë \"🙂\"");
    }
}
