//! The parser of scripts. All lines are parsed before the first one runs.

use std::collections::BTreeSet;

use super::action::{
    Action, Line, SocketAction, parse_code, parse_date, parse_fault, parse_time, unknown_command,
};
use super::failure::{Failure, Failures};
use super::keep::{check_order, is_keep, parse_keep};
use super::socket_line::{client, is_opening, is_socket, parse_open, parse_state, phone};
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
        let mut parser = Parser::new(topics);
        let mut errors = Vec::new();
        let failure = |line, message| Failure { script: name.to_owned(), line, message };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if let Err(message) = parser.parse_line(number, line) {
                errors.push(failure(number, message));
            }
        }
        let order = check_order(&parser.lines).into_iter();
        errors.extend(order.map(|(line, message)| failure(line, message)));
        errors.sort_by_key(|error| error.line);
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
    /// Socket clients that have connected.
    connected: BTreeSet<Identity>,
    /// The next message has a picture.
    is_attached: bool,
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

impl<'s> Parser<'s> {
    fn new(topics: &'s [TopicName]) -> Self {
        Self {
            topics,
            lines: Vec::new(),
            above: Above::NoText,
            senders: BTreeSet::new(),
            connected: BTreeSet::new(),
            is_attached: false,
        }
    }

    fn parse_line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(more) = line.strip_prefix('|') {
            return self.parse_continuation(more);
        }
        self.above = Above::Error;
        let sign = line.find(['<', '>']).filter(|_| !is_keep(line) && !is_opening(line));
        let action = match sign {
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
        let number = self.party(number)?;
        let is_send = text.starts_with('>');
        let text = text[1..].trim().to_owned();
        Ok(if is_send {
            self.senders.insert(number.clone());
            self.connected.insert(number.clone());
            Action::Send { from: number, at, text }
        } else {
            Action::Expect { to: number, text }
        })
    }

    /// Returns the phone or the socket client of a message.
    fn party(&mut self, name: &str) -> Result<Identity, String> {
        let is_attached = std::mem::take(&mut self.is_attached);
        if !is_socket(&Identity::new(name)) {
            return Ok(Identity::new(name));
        }
        if is_attached { phone(name) } else { client(name) }
    }

    fn parse_command(&mut self, line: &str) -> Result<Action, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let rest = line.strip_prefix(words[0]).unwrap_or_default().trim();
        Ok(match words[..] {
            ["strict"] => Action::Strict(true),
            ["lenient"] => Action::Strict(false),
            ["topic", name] => Action::Topic(self.topic(name)?),
            ["attach", url, _, ..] => {
                let content_type = rest[url.len()..].trim().to_owned();
                self.is_attached = true;
                Action::Attach(Media { url: url.to_owned(), content_type })
            }
            ["again", number] => Action::Redeliver(self.sender(number)?),
            ["advance", _, ..] => Action::Advance(parse_time(rest)?),
            ["provider", fault] => Action::Fault(None, parse_fault(fault)?),
            ["phone", number, fault] => Action::Fault(Some(phone(number)?), parse_fault(fault)?),
            ["delivered", to] => report(to, DeliveryOutcome::Delivered, None)?,
            ["failed", to] => report(to, DeliveryOutcome::Failed, None)?,
            ["failed", to, code] => report(to, DeliveryOutcome::Failed, Some(parse_code(code)?))?,
            ["open", name, ..] => {
                let action = parse_open(name, rest[name.len()..].trim())?;
                self.connected.insert(client(name)?);
                action
            }
            ["close", name] => self.on_socket(name, SocketAction::Close)?,
            ["resume", name] => self.on_socket(name, SocketAction::Resume)?,
            ["lose", name] => self.on_socket(name, SocketAction::Lose)?,
            ["keep", name, _, ..] => parse_keep(name, rest[name.len()..].trim())?,
            [name, ref words @ ..] if is_socket(&Identity::new(name)) => parse_state(name, words)?,
            _ => return Err(unknown_command(words[0])),
        })
    }

    fn topic(&self, name: &str) -> Result<TopicName, String> {
        self.topics.iter().find(|known| known.as_str() == name).cloned().ok_or_else(|| {
            let fix = did_you_mean(name, self.topics.iter().map(TopicName::as_str));
            format!("there is no topic {name:?}; {fix}")
        })
    }

    /// Returns an action of a client that has connected.
    fn on_socket(&self, name: &str, action: SocketAction) -> Result<Action, String> {
        let client = client(name)?;
        if !self.connected.contains(&client) {
            return Err(format!("{name} has not connected yet; write open {name} somewhere above"));
        }
        Ok(Action::Socket { client, action })
    }

    fn sender(&self, number: &str) -> Result<Identity, String> {
        let sender = self.senders.get(&Identity::new(number)).cloned();
        sender.ok_or_else(|| {
            format!("{number} has sent nothing yet; write {number} > TEXT somewhere above")
        })
    }
}

fn report(to: &str, outcome: DeliveryOutcome, code: Option<u32>) -> Result<Action, String> {
    Ok(Action::Report { to: phone(to)?, outcome, code })
}
