//! A board as a script.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::START;
use super::grammar::word_for;
use crate::contracts::storage::FeedCursor;
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};
use crate::model::topic::TopicName;
use crate::tester::{Injected, Record, Said, State, in_force, standing};

/// What an address cannot hold where blanks end it, and where `<` and `>` are for exchanges.
const UNFIT: &AsciiSet = &CONTROLS.add(b' ').add(b'<').add(b'>');

/// What stands on a board and was not cleared, as a script that expects the same again.
///
/// It begins at the minute at which the board does, and what lies between two messages is kept to
/// the second. What a board does not tell is not in the script either: what was in hand at the same
/// time as something else. What was said then may come out differently.
pub fn export(board: Vec<(FeedCursor, Record)>) -> String {
    let standing = standing(board);
    let mut page = Page::new();
    for (_, record) in &standing {
        match record {
            Record::In(Said { id, topic, number, text, media, at, state, .. }) => {
                if page.sent.insert(id) {
                    page.begin();
                    page.go_on(*at, topic);
                    page.last.insert(number, id);
                    page.attach(media);
                    page.say(number, '>', text);
                } else if *state == State::Queued && page.last.get(number) == Some(&id) {
                    page.go_on(*at, topic);
                    page.line(format_args!("again {}", number.reveal()));
                }
            }
            Record::Out(Said { id, topic, number, text, media, at, state, .. }) => {
                // What arrived before anything was sent has no cause in this script.
                let arrives = matches!(state, State::Sent | State::Delivered);
                if arrives && !page.sent.is_empty() && page.arrived.insert(id) {
                    page.go_on(*at, topic);
                    page.attach(media);
                    page.say(number, '<', text);
                }
            }
            Record::Trouble { injected, .. } => page.inject(injected),
            Record::Cleared { .. } => {}
        }
    }
    page.script
}

/// A script in the making.
struct Page<'r> {
    script: String,
    /// How far the board's time has been told.
    now: DateTime<Utc>,
    /// That the next message has to bear, when it is the first.
    date: Option<DateTime<Utc>>,
    topic: Option<&'r TopicName>,
    /// What was injected before anything was sent.
    injected: Vec<Injected>,
    sent: HashSet<&'r MessageId>,
    arrived: HashSet<&'r MessageId>,
    /// The last message of each number.
    last: HashMap<&'r Identity, &'r MessageId>,
}

impl<'r> Page<'r> {
    fn new() -> Self {
        Self {
            script: "strict\n".to_owned(),
            now: START,
            date: None,
            topic: None,
            injected: Vec::new(),
            sent: HashSet::new(),
            arrived: HashSet::new(),
            last: HashMap::new(),
        }
    }

    /// Of what was injected before, only what is still so matters.
    fn begin(&mut self) {
        for injected in in_force(std::mem::take(&mut self.injected)) {
            self.trouble(&injected);
        }
    }

    fn inject(&mut self, injected: &Injected) {
        if self.sent.is_empty() {
            self.injected.push(injected.clone());
        } else {
            self.trouble(injected);
        }
    }

    fn trouble(&mut self, Injected { number, trouble }: &Injected) {
        let state = word_for(*trouble);
        match number {
            Some(number) => self.line(format_args!("phone {} {state}", number.reveal())),
            None => self.line(format_args!("provider {state}")),
        }
    }

    /// Comes to where this happened, and when.
    fn go_on(&mut self, at: DateTime<Utc>, topic: &'r TopicName) {
        if self.topic.is_none() {
            let minute = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
            self.date = Some(minute).filter(|date| *date > START);
            self.now = at;
        } else {
            let ahead = u64::try_from((at - self.now).num_seconds()).unwrap_or(0);
            if ahead > 0 {
                let time = Duration::from_secs(ahead);
                self.now += time;
                self.line(format_args!("advance {}", humantime::format_duration(time)));
            }
        }
        if self.topic.replace(topic) != Some(topic) {
            self.line(format_args!("topic {topic}"));
        }
    }

    fn attach(&mut self, media: &[Media]) {
        for Media { url, content_type } in media {
            let url = utf8_percent_encode(url, UNFIT);
            self.line(format_args!("attach {url} {content_type}"));
        }
    }

    /// A text that a line of its own cannot hold as it is goes below, behind bars.
    fn say(&mut self, number: &Identity, direction: char, text: &Text) {
        let date = self.date.take().map(|date| date.format("@%Y%m%d%H%M").to_string());
        let who = format!("{}{} {direction}", number.reveal(), date.unwrap_or_default());
        let mut lines = text.reveal().split('\n').peekable();
        let is_plain = |line: &&str| !line.is_empty() && line.trim() == *line;
        match lines.next_if(is_plain) {
            Some(first) => self.line(format_args!("{who} {first}")),
            None => self.line(format_args!("{who}")),
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
        writeln!(self.script, "{line}").expect("a string takes everything");
    }
}
