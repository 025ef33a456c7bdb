//! The lines of a script, read before anything runs.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::failure::{Failure, Failures};
use crate::contracts::settings::did_you_mean;
use crate::model::address::Identity;
use crate::model::message::Media;
use crate::model::topic::TopicName;
use crate::tester::{Delivery, Trouble};

/// A script without a mistake.
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) action: Action,
}

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
    Again(Identity),
    Advance(Duration),
    /// Of one number, or of all of them.
    Trouble(Option<Identity>, Trouble),
    Report {
        to: Identity,
        delivery: Delivery,
        code: Option<u32>,
    },
    Strict(bool),
}

/// How each of our own lines is written, by its first word.
const USAGE: [(&str, &str); 10] = [
    ("topic", "topic NAME"),
    ("attach", "attach URL TYPE, such as: attach https://example.com/cat.png image/png"),
    ("again", "again NUM"),
    ("advance", "advance TIME, such as: advance 1h 30m"),
    ("provider", "provider STATE"),
    ("phone", "phone NUM STATE"),
    ("delivered", "delivered NUM"),
    ("failed", "failed NUM, or failed NUM CODE"),
    ("strict", "strict, and nothing behind it"),
    ("lenient", "lenient, and nothing behind it"),
];

const STATES: [(&str, Trouble); 6] = [
    ("ok", Trouble::None),
    ("failing", Trouble::Failing),
    ("throttled", Trouble::Throttled),
    ("lossy", Trouble::Lossy),
    ("undeliverable", Trouble::Undeliverable),
    ("opted_out", Trouble::OptedOut),
];

/// How a state is written. What takes time is nothing here, where none passes.
pub(super) fn word_for(trouble: Trouble) -> &'static str {
    STATES.iter().find(|(_, known)| *known == trouble).map_or("ok", |(word, _)| word)
}

impl Script {
    /// Reads a script, which failures will call by this name. `topics` are those that there are.
    ///
    /// # Errors
    /// Every line that nobody could follow, with what to write instead.
    pub fn parse(name: &str, text: &str, topics: &[TopicName]) -> Result<Self, Failures> {
        let mut reader =
            Reader { topics, lines: Vec::new(), above: Above::Nothing, senders: BTreeSet::new() };
        let mut errors = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if let Err(what) = reader.read(number, line) {
                errors.push(Failure { script: name.to_owned(), line: number, what });
            }
        }
        if errors.is_empty() {
            Ok(Self { name: name.to_owned(), lines: reader.lines })
        } else {
            Err(Failures(errors))
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lines that do something.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

struct Reader<'s> {
    topics: &'s [TopicName],
    lines: Vec<Line>,
    above: Above,
    senders: BTreeSet<Identity>,
}

/// What one more line of text would be put behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    /// Nothing, so that it is the first one.
    Nothing,
    Text,
    /// What nobody could read, and has been said.
    Mistake,
}

impl Reader<'_> {
    fn read(&mut self, number: usize, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(more) = line.strip_prefix('|') {
            return self.read_more(more);
        }
        self.above = Above::Mistake;
        let action = match line.find(['<', '>']) {
            Some(at) => self.exchange(&line[..at], &line[at..])?,
            None => self.own(line)?,
        };
        self.above = match &action {
            Action::Send { text, .. } | Action::Expect { text, .. } if text.is_empty() => {
                Above::Nothing
            }
            _ => Above::Text,
        };
        self.lines.push(Line { number, action });
        Ok(())
    }

    fn read_more(&mut self, more: &str) -> Result<(), String> {
        let above = std::mem::replace(&mut self.above, Above::Text);
        if above == Above::Mistake {
            self.above = Above::Mistake;
            return Ok(());
        }
        let last = self.lines.last_mut().map(|line| &mut line.action);
        let Some(Action::Send { text, .. } | Action::Expect { text, .. }) = last else {
            self.above = Above::Mistake;
            return Err("there is no text above that this could be a line of; \
                        write it below a line with > or <"
                .to_owned());
        };
        if above == Above::Text {
            text.push('\n');
        }
        let more = more.strip_prefix(' ').unwrap_or(more);
        text.push_str(more.strip_suffix('|').unwrap_or(more));
        Ok(())
    }

    fn exchange(&mut self, who: &str, said: &str) -> Result<Action, String> {
        let (number, at) = match who.trim().rsplit_once('@') {
            Some((number, date)) => (number.trim(), Some(parse_date(date.trim())?)),
            None => (who.trim(), None),
        };
        if number.is_empty() {
            return Err("there is no number; write NUM > TEXT or NUM < TEXT".to_owned());
        }
        let number = Identity::new(number);
        let text = said[1..].trim().to_owned();
        Ok(if said.starts_with('>') {
            self.senders.insert(number.clone());
            Action::Send { from: number, at, text }
        } else {
            Action::Expect { to: number, text }
        })
    }

    fn own(&self, line: &str) -> Result<Action, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let rest = line.strip_prefix(words[0]).unwrap_or_default().trim();
        Ok(match words[..] {
            ["strict"] => Action::Strict(true),
            ["lenient"] => Action::Strict(false),
            ["topic", name] => Action::Topic(self.topic(name)?),
            ["attach", url, _, ..] => {
                let content_type = rest[url.len()..].trim().to_owned();
                Action::Attach(Media { url: url.to_owned(), content_type })
            }
            ["again", number] => Action::Again(self.sender(number)?),
            ["advance", _, ..] => Action::Advance(parse_time(rest)?),
            ["provider", state] => Action::Trouble(None, parse_state(state)?),
            ["phone", number, state] => {
                Action::Trouble(Some(Identity::new(number)), parse_state(state)?)
            }
            ["delivered", to] => report(to, Delivery::Delivered, None),
            ["failed", to] => report(to, Delivery::Failed, None),
            ["failed", to, code] => report(to, Delivery::Failed, Some(parse_code(code)?)),
            _ => return Err(unreadable(words[0])),
        })
    }

    fn topic(&self, name: &str) -> Result<TopicName, String> {
        self.topics.iter().find(|known| known.as_str() == name).cloned().ok_or_else(|| {
            let fix = did_you_mean(name, self.topics.iter().map(TopicName::as_str));
            format!("there is no topic {name:?}; {fix}")
        })
    }

    fn sender(&self, number: &str) -> Result<Identity, String> {
        let sender = self.senders.get(&Identity::new(number)).cloned();
        sender.ok_or_else(|| {
            format!("{number} has sent nothing yet; write {number} > TEXT somewhere above")
        })
    }
}

fn report(to: &str, delivery: Delivery, code: Option<u32>) -> Action {
    Action::Report { to: Identity::new(to), delivery, code }
}

fn parse_date(date: &str) -> Result<DateTime<Utc>, String> {
    let is_whole = date.len() == "YYYYMMDDHHMM".len();
    let parsed = NaiveDateTime::parse_from_str(date, "%Y%m%d%H%M").ok();
    parsed.filter(|_| is_whole).map(|date| date.and_utc()).ok_or_else(|| {
        format!("{date:?} is no date; write NUM@YYYYMMDDHHMM, such as 1112223333@202601311530")
    })
}

fn parse_time(time: &str) -> Result<Duration, String> {
    humantime::parse_duration(time)
        .map_err(|_| format!("{time:?} is no time; write one such as 90s, 2m, 1h 30m or 7days"))
}

fn parse_state(state: &str) -> Result<Trouble, String> {
    let known = STATES.iter().find(|(name, _)| *name == state);
    known.map(|(_, trouble)| *trouble).ok_or_else(|| {
        let fix = did_you_mean(state, STATES.map(|(name, _)| name));
        format!("there is no state {state:?}; {fix}")
    })
}

fn parse_code(code: &str) -> Result<u32, String> {
    code.parse().map_err(|_| format!("{code:?} is no code; write a number such as 30003"))
}

fn unreadable(word: &str) -> String {
    if let Some((_, usage)) = USAGE.iter().find(|(known, _)| *known == word) {
        return format!("this cannot be read; write {usage}");
    }
    let fix = did_you_mean(word, USAGE.map(|(known, _)| known));
    format!("this is no line of a script; write NUM > TEXT, NUM < TEXT or one of ours: {fix}")
}
