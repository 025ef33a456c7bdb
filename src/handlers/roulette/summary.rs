//! Summary of a chat at its end, where the topic wants one.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;

use super::seat::{Chat, TTL};
use super::texts::Texts;
use crate::contracts::handler::Transaction;
use crate::model::template::fill;

/// Life of a chat's counter after its last text: as long as that of the seats.
const COUNTER_TTL: Duration = TTL;

/// Counts a relayed text. Nothing is read.
pub(super) fn count(tx: &mut Transaction, texts: &Texts, chat: &str) {
    if !texts.summary.is_empty() {
        tx.count(&counter(chat), 1, COUNTER_TTL);
    }
}

/// Returns a text with the summary of a chat behind it.
pub(super) async fn with_summary(
    tx: &mut Transaction,
    texts: &Texts,
    chat: &Chat,
    text: &str,
) -> Result<String> {
    if texts.summary.is_empty() {
        return Ok(text.to_owned());
    }
    let messages = tx.total(&counter(&chat.id)).await?.to_string();
    let duration = format_duration(tx.now() - chat.since);
    let values = [("duration", duration.as_str()), ("messages", messages.as_str())];
    Ok(format!("{text} {}", fill(&texts.summary, &values)).trim_start().to_owned())
}

/// Returns hours, minutes and seconds, without words that would need a translation.
pub(super) fn format_duration(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds().max(0);
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn counter(chat: &str) -> String {
    format!("messages:{chat}")
}
