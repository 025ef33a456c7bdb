//! The actions of a script, and the words that they are written with.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use regex::Regex;

use crate::contracts::settings::did_you_mean;
use crate::model::address::Identity;
use crate::model::message::Media;
use crate::model::topic::TopicName;
use crate::tester::{DeliveryOutcome, Fault};

/// A line of a script that does something.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Line number, from 1.
    pub(super) number: usize,
    pub(super) action: Action,
}

/// The action of one line.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Send {
        from: Identity,
        at: Option<DateTime<Utc>>,
        text: String,
    },
    Expect {
        to: Identity,
        text: String,
    },
    Topic(TopicName),
    Attach(Media),
    Redeliver(Identity),
    Advance(Duration),
    /// Fault for one number, or for all.
    Fault(Option<Identity>, Fault),
    Report {
        to: Identity,
        outcome: DeliveryOutcome,
        code: Option<u32>,
    },
    Strict(bool),
    Socket {
        client: Identity,
        action: SocketAction,
    },
    /// The server has closed the client's socket with this code.
    ExpectClosed {
        client: Identity,
        code: u16,
    },
    Keep {
        name: String,
        pattern: Regex,
    },
}

/// Action of a socket client beside its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SocketAction {
    /// Opens a socket; the text holds further fields of the hello, or nothing.
    Open(String),
    Close,
    Resume,
    Lose,
}

/// Usage of each command, by its first word.
pub(super) const USAGE: [(&str, &str); 15] = [
    ("topic", "topic NAME"),
    ("attach", "attach URL TYPE, such as: attach https://example.com/cat.png image/png"),
    ("again", "again NUM"),
    ("advance", "advance TIME, such as: advance 1h 30m"),
    ("provider", "provider FAULT"),
    ("phone", "phone NUM FAULT"),
    ("delivered", "delivered NUM"),
    ("failed", "failed NUM, or failed NUM CODE"),
    ("strict", "strict, alone on its line"),
    ("lenient", "lenient, alone on its line"),
    ("open", "open ws:NAME, or open ws:NAME {\"token\": \"...\"}"),
    ("close", "close ws:NAME"),
    ("resume", "resume ws:NAME"),
    ("lose", "lose ws:NAME"),
    ("keep", "keep NAME PATTERN, such as: keep CODE join ([A-Z0-9]+)"),
];

pub(super) fn parse_fault(word: &str) -> Result<Fault, String> {
    Fault::from_word(word).ok_or_else(|| {
        let fix = did_you_mean(word, Fault::words());
        format!("there is no fault {word:?}; {fix}")
    })
}

pub(super) fn parse_date(date: &str) -> Result<DateTime<Utc>, String> {
    let is_complete = date.len() == "YYYYMMDDHHMM".len();
    let parsed = NaiveDateTime::parse_from_str(date, "%Y%m%d%H%M").ok();
    parsed.filter(|_| is_complete).map(|date| date.and_utc()).ok_or_else(|| {
        format!("{date:?} is no date; write NUM@YYYYMMDDHHMM, such as 1112223333@202601311530")
    })
}

pub(super) fn parse_time(time: &str) -> Result<Duration, String> {
    humantime::parse_duration(time)
        .map_err(|_| format!("{time:?} is no time; write one such as 90s, 2m, 1h 30m or 7days"))
}

pub(super) fn parse_code(code: &str) -> Result<u32, String> {
    code.parse().map_err(|_| format!("{code:?} is no code; write a number such as 30003"))
}

/// The error text for a line that is no command, or a command with wrong arguments.
pub(super) fn unknown_command(word: &str) -> String {
    if let Some((_, usage)) = USAGE.iter().find(|(known, _)| *known == word) {
        return format!("wrong arguments; write {usage}");
    }
    let fix = did_you_mean(word, USAGE.map(|(known, _)| known));
    format!("unknown command; write NUM > TEXT, NUM < TEXT or a command: {fix}")
}
