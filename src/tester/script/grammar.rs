//! The parser of scripts. All lines are parsed before the first one runs.

use std::collections::BTreeSet;

use super::action::{
    Action, Line, parse_code, parse_date, parse_fault, parse_time, unknown_command,
};
use super::failure::{Failure, Failures};
use crate::contracts::settings::did_you_mean;
use crate::model::address::Identity;
use crate::model::message::Media;
use crate::model::topic::TopicName;
use crate::tester::DeliveryOutcome;

/// A parsed script.
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
}

impl Script {
    /// Parses a script. Its failures will show `name`; `topics` are the topics that it may use.
    ///
    /// # Errors
    /// Every line that cannot be parsed, with what to write instead.
    pub fn parse(name: &str, text: &str, topics: &[TopicName]) -> Result<Self, Failures> {
        let mut parser =
            Parser { topics, lines: Vec::new(), above: Above::NoText, senders: BTreeSet::new() };
        let mut errors = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if let Err(message) = parser.parse_line(number, line) {
                errors.push(Failure { script: name.to_owned(), line: number, message });
            }
        }
        if errors.is_empty() {
            Ok(Self { name: name.to_owned(), lines: parser.lines })
        } else {
            Err(Failures(errors))
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of lines that do something.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

struct Parser<'s> {
    topics: &'s [TopicName],
    lines: Vec<Line>,
    above: Above,
    senders: BTreeSet<Identity>,
}

/// The line above a continuation line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    /// A message without text, whose first line is still to come.
    NoText,
    /// A message with text, or a command.
    Text,
    /// A line with an error, which is reported already.
    Error,
}

impl Parser<'_> {
    fn parse_line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(more) = line.strip_prefix('|') {
            return self.parse_continuation(more);
        }
        self.above = Above::Error;
        let action = match line.find(['<', '>']) {
            Some(at) => self.parse_message(&line[..at], &line[at..])?,
            None => self.parse_command(line)?,
        };
        self.above = match &action {
            Action::Send { text, .. } | Action::Expect { text, .. } if text.is_empty() => {
                Above::NoText
            }
            _ => Above::Text,
        };
        self.lines.push(Line { number, action });
        Ok(())
    }

    /// Appends a line to the text above.
    fn parse_continuation(&mut self, more: &str) -> Result<(), String> {
        let above = std::mem::replace(&mut self.above, Above::Text);
        if above == Above::Error {
            self.above = Above::Error;
            return Ok(());
        }
        let last = self.lines.last_mut().map(|line| &mut line.action);
        let Some(Action::Send { text, .. } | Action::Expect { text, .. }) = last else {
            self.above = Above::Error;
            return Err("there is no text above that this could continue; \
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

    /// Parses `NUM > TEXT` or `NUM < TEXT`, split before the sign.
    fn parse_message(&mut self, number: &str, text: &str) -> Result<Action, String> {
        let (number, at) = match number.trim().rsplit_once('@') {
            Some((number, date)) => (number.trim(), Some(parse_date(date.trim())?)),
            None => (number.trim(), None),
        };
        if number.is_empty() {
            return Err("there is no number; write NUM > TEXT or NUM < TEXT".to_owned());
        }
        let number = Identity::new(number);
        let is_send = text.starts_with('>');
        let text = text[1..].trim().to_owned();
        Ok(if is_send {
            self.senders.insert(number.clone());
            Action::Send { from: number, at, text }
        } else {
            Action::Expect { to: number, text }
        })
    }

    fn parse_command(&self, line: &str) -> Result<Action, String> {
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
            ["again", number] => Action::Redeliver(self.sender(number)?),
            ["advance", _, ..] => Action::Advance(parse_time(rest)?),
            ["provider", fault] => Action::Fault(None, parse_fault(fault)?),
            ["phone", number, fault] => {
                Action::Fault(Some(Identity::new(number)), parse_fault(fault)?)
            }
            ["delivered", to] => report(to, DeliveryOutcome::Delivered, None),
            ["failed", to] => report(to, DeliveryOutcome::Failed, None),
            ["failed", to, code] => report(to, DeliveryOutcome::Failed, Some(parse_code(code)?)),
            _ => return Err(unknown_command(words[0])),
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

fn report(to: &str, outcome: DeliveryOutcome, code: Option<u32>) -> Action {
    Action::Report { to: Identity::new(to), outcome, code }
}
