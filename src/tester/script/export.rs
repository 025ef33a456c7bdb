//! Export of a board as a script.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::START;
use crate::contracts::storage::FeedCursor;
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};
use crate::model::topic::TopicName;
use crate::tester::{
    BoardEntry, DeliveryState, InjectedFault, PhoneMessage, active_faults, uncleared,
};

/// Characters that `attach` cannot hold in a URL: a blank ends it, `<` and `>` make a message of
/// it.
const RESERVED: &AsciiSet = &CONTROLS.add(b' ').add(b'<').add(b'>');

/// Writes the uncleared messages of a board as a script that expects the same replies.
///
/// The script begins at the minute of the first message; pauses between messages are kept to the
/// second. The board does not record which messages were handled concurrently, so the replies to
/// such messages may differ.
pub fn export(board: Vec<(FeedCursor, BoardEntry)>) -> String {
    let entries = uncleared(board);
    let mut writer = ScriptWriter::new();
    for (_, entry) in &entries {
        match entry {
            BoardEntry::In(message) => writer.write_in(message),
            BoardEntry::Out(message) => writer.write_out(message),
            BoardEntry::Fault { injected, .. } => writer.write_fault(injected),
            BoardEntry::Cleared { .. } => {}
        }
    }
    writer.script
}

struct ScriptWriter<'b> {
    script: String,
    /// Time of the board that the script has advanced to.
    now: DateTime<Utc>,
    /// Date of the first message, until it is written.
    date: Option<DateTime<Utc>>,
    topic: Option<&'b TopicName>,
    /// Faults that were injected before the first message.
    early_faults: Vec<InjectedFault>,
    sent: HashSet<&'b MessageId>,
    received: HashSet<&'b MessageId>,
    /// Last message of each number.
    last: HashMap<&'b Identity, &'b MessageId>,
}

impl<'b> ScriptWriter<'b> {
    fn new() -> Self {
        Self {
            script: "strict\n".to_owned(),
            now: START,
            date: None,
            topic: None,
            early_faults: Vec::new(),
            sent: HashSet::new(),
            received: HashSet::new(),
            last: HashMap::new(),
        }
    }

    fn write_in(&mut self, message: &'b PhoneMessage) {
        let PhoneMessage { id, topic, number, text, media, at, state, .. } = message;
        if self.sent.insert(id) {
            self.write_early_faults();
            self.advance_to(*at, topic);
            self.last.insert(number, id);
            self.write_media(media);
            self.write_message(number, '>', text);
        } else if *state == DeliveryState::Queued && self.last.get(number) == Some(&id) {
            self.advance_to(*at, topic);
            self.line(format_args!("again {}", number.reveal()));
        }
    }

    fn write_out(&mut self, message: &'b PhoneMessage) {
        let PhoneMessage { id, topic, number, text, media, at, state, .. } = message;
        // A message from before the first line would have no cause in the script.
        let is_received = matches!(state, DeliveryState::Sent | DeliveryState::Delivered);
        if is_received && !self.sent.is_empty() && self.received.insert(id) {
            self.advance_to(*at, topic);
            self.write_media(media);
            self.write_message(number, '<', text);
        }
    }

    fn write_fault(&mut self, injected: &InjectedFault) {
        if self.sent.is_empty() {
            self.early_faults.push(injected.clone());
        } else {
            self.write_fault_line(injected);
        }
    }

    /// Writes the faults before the first message, without those that were replaced since.
    fn write_early_faults(&mut self) {
        for injected in active_faults(std::mem::take(&mut self.early_faults)) {
            self.write_fault_line(&injected);
        }
    }

    fn write_fault_line(&mut self, InjectedFault { number, fault }: &InjectedFault) {
        let word = fault.word();
        match number {
            Some(number) => self.line(format_args!("phone {} {word}", number.reveal())),
            None => self.line(format_args!("provider {word}")),
        }
    }

    /// Advances the script to the time and the topic of an entry.
    fn advance_to(&mut self, at: DateTime<Utc>, topic: &'b TopicName) {
        if self.topic.is_none() {
            let minute = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
            self.date = Some(minute).filter(|date| *date > START);
            self.now = at;
        } else {
            let seconds = u64::try_from((at - self.now).num_seconds()).unwrap_or(0);
            if seconds > 0 {
                let time = Duration::from_secs(seconds);
                self.now += time;
                self.line(format_args!("advance {}", humantime::format_duration(time)));
            }
        }
        if self.topic.replace(topic) != Some(topic) {
            self.line(format_args!("topic {topic}"));
        }
    }

    fn write_media(&mut self, media: &[Media]) {
        for Media { url, content_type } in media {
            let url = utf8_percent_encode(url, RESERVED);
            self.line(format_args!("attach {url} {content_type}"));
        }
    }

    /// Writes a text. Lines that the message's own line cannot hold unchanged follow behind bars.
    fn write_message(&mut self, number: &Identity, direction: char, text: &Text) {
        let date = self.date.take().map(|date| date.format("@%Y%m%d%H%M").to_string());
        let start = format!("{}{} {direction}", number.reveal(), date.unwrap_or_default());
        let mut lines = text.reveal().split('\n').peekable();
        let is_plain = |line: &&str| !line.is_empty() && line.trim() == *line;
        match lines.next_if(is_plain) {
            Some(first) => self.line(format_args!("{start} {first}")),
            None => self.line(format_args!("{start}")),
        }
        if text.reveal().is_empty() {
            return;
        }
        for line in lines {
            let ends_well = line.trim_end() == line && !line.ends_with('|');
            let bar = if ends_well { "" } else { "|" };
            let blank = if line.is_empty() { "" } else { " " };
            self.line(format_args!("|{blank}{line}{bar}"));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.script, "{line}").expect("writing to a string cannot fail");
    }
}
