//! Plays a script, line by line, and holds what arrives against what it expects.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};

use super::arrivals::Arrival;
use super::failure::{Failure, Failures};
use super::grammar::{Action, Line, Script};
use super::stage::Stage;
use crate::contracts::storage::{DeadLetter, QueueKind};
use crate::model::address::Identity;
use crate::model::message::{Mail, Media, Outbound};
use crate::model::topic::TopicName;
use crate::tester::phones::Message;
use crate::tester::{Injected, State};

impl Script {
    /// Plays it to its end, whatever fails on the way. The first of the stage's topics is the one
    /// that is spoken to until the script names another, when `topic` is `None`.
    ///
    /// # Errors
    /// Everything that was not as the script expects it.
    pub async fn play(
        &self,
        stage: &mut Stage,
        topic: Option<&TopicName>,
        strict: bool,
    ) -> Result<(), Failures> {
        let topic = topic.or_else(|| stage.topics().first()).cloned();
        let mut play = Play {
            script: self,
            stage,
            topic,
            strict,
            in_exchange: false,
            pending: Vec::new(),
            attached: Vec::new(),
            last: None,
            sent: HashMap::new(),
            failures: Vec::new(),
        };
        play.run().await;
        play.failures.sort_by_key(|failure| failure.line);
        if play.failures.is_empty() { Ok(()) } else { Err(Failures(play.failures)) }
    }
}

struct Play<'s> {
    script: &'s Script,
    stage: &'s mut Stage,
    /// There is one wherever topics were configured.
    topic: Option<TopicName>,
    strict: bool,
    /// Whether the last line was a `>`.
    in_exchange: bool,
    /// What nobody has asked for yet, oldest first.
    pending: Vec<Pending>,
    attached: Vec<Media>,
    last: Option<Sent>,
    /// The last message of each number.
    sent: HashMap<Identity, Sent>,
    failures: Vec<Failure>,
}

#[derive(Clone)]
struct Sent {
    topic: TopicName,
    message: Message,
}

struct Pending {
    arrival: Arrival,
    /// The line that it came of.
    line: usize,
    must_be_expected: bool,
}

impl Play<'_> {
    async fn run(&mut self) {
        for line in &self.script.lines {
            if let Err(error) = self.step(line).await {
                self.fail(line.number, format!("{error:#}"));
            }
        }
        self.end_exchange();
    }

    async fn step(&mut self, line: &Line) -> Result<()> {
        let begins = matches!(line.action, Action::Send { .. }) && !self.in_exchange;
        if begins {
            self.end_exchange();
        }
        self.in_exchange = match line.action {
            Action::Send { .. } => true,
            Action::Topic(_) | Action::Attach(_) => self.in_exchange,
            _ => false,
        };
        let done = self.act(line).await;
        let collected = self.collect(line.number).await;
        done.and(collected)
    }

    async fn act(&mut self, line: &Line) -> Result<()> {
        match &line.action {
            Action::Send { from, at, text } => self.send(from, *at, text).await,
            Action::Expect { to, text } => self.expect(line.number, to, text).await,
            Action::Topic(topic) => {
                self.topic = Some(topic.clone());
                Ok(())
            }
            Action::Attach(media) => {
                self.attached.push(media.clone());
                Ok(())
            }
            Action::Again(number) => {
                let sent = self.sent.get(number).cloned();
                let sent = sent.context("nothing was sent that could be delivered again")?;
                self.deliver(sent, None).await
            }
            Action::Advance(time) => self.stage.advance(*time).await,
            Action::Trouble(number, trouble) => {
                let injected = Injected { number: number.clone(), trouble: *trouble };
                self.stage.inject(&injected).await
            }
            Action::Report { to, delivery, code } => self.stage.report(to, *delivery, *code).await,
            Action::Strict(strict) => {
                self.strict = *strict;
                Ok(())
            }
        }
    }

    async fn send(&mut self, from: &Identity, at: Option<DateTime<Utc>>, text: &str) -> Result<()> {
        let topic = self.topic.clone().context("there is no topic; write one into topics.toml")?;
        let media = std::mem::take(&mut self.attached);
        let message = Message { media, ..Message::new(from.clone(), text) };
        let sent = Sent { topic, message };
        self.sent.insert(from.clone(), sent.clone());
        self.deliver(sent, at).await
    }

    async fn deliver(&mut self, sent: Sent, at: Option<DateTime<Utc>>) -> Result<()> {
        self.last = Some(sent.clone());
        let state = self.stage.send(&sent.topic, &sent.message, at).await?;
        ensure!(
            state != State::Refused,
            "The message was not taken, since too many wait.\nMessage: '{}'",
            sent.message.text.reveal()
        );
        Ok(())
    }

    /// Takes what has arrived, and reports what was given up.
    async fn collect(&mut self, line: usize) -> Result<()> {
        for arrival in self.stage.arrivals().await? {
            self.pending.push(Pending { arrival, line, must_be_expected: self.strict });
        }
        for (kind, letter) in self.stage.buried().await? {
            self.fail(line, burial(kind, &letter));
        }
        Ok(())
    }

    async fn expect(&mut self, line: usize, to: &Identity, text: &str) -> Result<()> {
        let media = std::mem::take(&mut self.attached);
        let is_it = |pending: &Pending| {
            let arrival = &pending.arrival;
            arrival.to == *to
                && arrival.text == text
                && (media.is_empty() || arrival.media == media)
        };
        if let Some(at) = self.pending.iter().position(is_it) {
            self.pending.remove(at);
            return Ok(());
        }
        let mut what = self.mismatch(to, text, &media);
        if let Some(Sent { topic, message }) = &self.last {
            for trouble in self.stage.troubles(topic, &message.id).await? {
                what.push('\n');
                what.push_str(&trouble);
            }
        }
        self.fail(line, what);
        Ok(())
    }

    /// Names what came nearest: the last message to that number, or else to anybody.
    fn mismatch(&self, to: &Identity, expected: &str, media: &[Media]) -> String {
        let last = self.last.as_ref().map_or("", |sent| sent.message.text.reveal());
        let arrivals = || self.pending.iter().rev().map(|pending| &pending.arrival);
        let nearest = arrivals().find(|arrival| arrival.to == *to).or_else(|| arrivals().next());
        let Some(Arrival { to: other, text: received, media: with }) = nearest else {
            return format!("Message was ignored.\nMessage: '{last}'\nExpecting: '{expected}'");
        };
        let texts = format!("Received text: {received}\nExpected text: {expected}");
        if other != to {
            let (to, other) = (to.reveal(), other.reveal());
            return format!(
                "Expected to respond to {to}, but message was sent to {other}.\n\
                 Message: '{last}'\n{texts}"
            );
        }
        let pictures = if media.is_empty() || received != expected {
            String::new()
        } else {
            format!("\nReceived media: {}\nExpected media: {}", list(with), list(media))
        };
        format!("Message: {last}\n{texts}{pictures}")
    }

    fn end_exchange(&mut self) {
        let strict = self.strict;
        let (over, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| strict && pending.must_be_expected);
        self.pending = kept;
        for Pending { arrival, line, .. } in over {
            let (to, text) = (arrival.to.reveal(), &arrival.text);
            self.fail(line, format!("Nobody expected a message to {to}.\nReceived text: {text}"));
        }
    }

    fn fail(&mut self, line: usize, what: String) {
        self.failures.push(Failure { script: self.script.name().to_owned(), line, what });
    }
}

fn list(media: &[Media]) -> String {
    let shown: Vec<String> =
        media.iter().map(|one| format!("{} {}", one.url, one.content_type)).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn burial(kind: QueueKind, letter: &DeadLetter) -> String {
    let whose = match kind {
        QueueKind::Inbound => match serde_json::from_str(&letter.payload) {
            Ok(Mail::Message(message)) => format!(
                "\nMessage: '{}'\nFrom: {}",
                message.text.reveal(),
                message.sender.identity.reveal()
            ),
            Ok(Mail::Wake(wake)) => format!("\nWake: {:?}", wake.name),
            Err(_) => String::new(),
        },
        QueueKind::Outbox => serde_json::from_str::<Outbound>(&letter.payload).map_or_else(
            |_| String::new(),
            |message| {
                let to = message.to.identity.reveal();
                format!("\nMessage: '{}'\nTo: {to}", message.text.reveal())
            },
        ),
    };
    format!("A message was buried: {}{whose}", letter.reason)
}
