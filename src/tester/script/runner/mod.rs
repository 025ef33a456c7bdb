//! Execution of a script, line by line, and the comparison of received with expected messages.

mod sockets;

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};

use super::action::{Action, Line};
use super::failure::{Failure, Failures};
use super::grammar::Script;
use super::harness::ScriptHarness;
use super::keep::KeptNames;
use super::received::{ReceivedMessage, fields};
use super::report;
use super::socket_line::is_socket;
use super::unmatched::Unmatched;
use crate::model::address::Identity;
use crate::model::message::{Media, MessageId};
use crate::model::topic::TopicName;
use crate::tester::phones::TestMessage;
use crate::tester::{DeliveryState, InjectedFault, TRANSPORT_NAME};

impl Script {
    /// Runs all lines, also those behind a failure. Without a `topic` the script starts with the
    /// first one of the harness.
    ///
    /// # Errors
    /// All differences from the script's expectations.
    pub async fn run(
        &self,
        harness: &mut ScriptHarness,
        topic: Option<&TopicName>,
        strict: bool,
    ) -> Result<(), Failures> {
        let topic = topic.or_else(|| harness.topics().first()).cloned();
        let mut run = ScriptRun {
            script: self,
            harness,
            topic,
            strict,
            in_exchange: false,
            unmatched: Unmatched::default(),
            newest: None,
            kept: KeptNames::default(),
            attached: Vec::new(),
            last: None,
            sent: HashMap::new(),
            failures: Vec::new(),
        };
        run.run().await;
        run.failures.sort_by_key(|failure| failure.line);
        if run.failures.is_empty() { Ok(()) } else { Err(Failures(run.failures)) }
    }
}

/// The state of a running script.
struct ScriptRun<'s> {
    script: &'s Script,
    harness: &'s mut ScriptHarness,
    /// Topic of the next message. `None` only in an app without topics.
    topic: Option<TopicName>,
    strict: bool,
    /// The last line was a `>`.
    in_exchange: bool,
    /// Received messages that no `<` has matched yet.
    unmatched: Unmatched,
    /// Message that was received or expected last.
    newest: Option<ReceivedMessage>,
    kept: KeptNames,
    attached: Vec<Media>,
    last: Option<LastMessage>,
    /// Last message of each phone.
    sent: HashMap<Identity, SentMessage>,
    failures: Vec<Failure>,
}

#[derive(Clone)]
struct SentMessage {
    topic: TopicName,
    message: TestMessage,
}

/// Message that was sent last, as failures describe it.
struct LastMessage {
    text: String,
    topic: TopicName,
    /// Id under which it is recorded.
    key: MessageId,
}

impl ScriptRun<'_> {
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
            Action::Send { from, at, text } => return self.send(from, *at, text).await,
            Action::Expect { to, text } => return self.expect(line.number, to, text).await,
            Action::Redeliver(number) => return self.redeliver(number).await,
            Action::Advance(time) => return self.harness.advance(*time).await,
            Action::Fault(number, fault) => {
                let injected = InjectedFault { number: number.clone(), fault: *fault };
                return self.harness.inject(&injected).await;
            }
            Action::Report { to, outcome, code } => {
                return self.harness.report(to, *outcome, *code).await;
            }
            Action::Socket { client, action } => return self.on_socket(client, action).await,
            Action::ExpectClosed { client, code } => self.expect_closed(line.number, client, *code),
            Action::Keep { name, pattern } => self.keep(line.number, name, pattern),
            Action::Topic(topic) => self.topic = Some(topic.clone()),
            Action::Attach(media) => self.attached.push(media.clone()),
            Action::Strict(strict) => self.strict = *strict,
        }
        Ok(())
    }

    fn topic(&self) -> Result<TopicName> {
        self.topic.clone().context("there is no topic; write one into topics.toml")
    }

    async fn send(&mut self, from: &Identity, at: Option<DateTime<Utc>>, text: &str) -> Result<()> {
        let (topic, text) = (self.topic()?, self.kept.replace(text));
        if is_socket(from) {
            return self.send_frame(topic, from, at, Some(&text)).await;
        }
        let media = std::mem::take(&mut self.attached);
        let message = TestMessage { media, ..TestMessage::new(from.clone(), text) };
        let sent = SentMessage { topic, message };
        self.sent.insert(from.clone(), sent.clone());
        self.deliver(sent, at).await
    }

    async fn redeliver(&mut self, number: &Identity) -> Result<()> {
        if is_socket(number) {
            return self.send_frame(self.topic()?, number, None, None).await;
        }
        let sent = self.sent.get(number).cloned();
        let sent = sent.context("nothing was sent that could be delivered again")?;
        self.deliver(sent, None).await
    }

    async fn deliver(&mut self, sent: SentMessage, at: Option<DateTime<Utc>>) -> Result<()> {
        let SentMessage { topic, message } = sent;
        let text = message.text.reveal().to_owned();
        let key = MessageId::of(TRANSPORT_NAME, &message.id);
        self.last = Some(LastMessage { text, topic: topic.clone(), key });
        let state = self.harness.send(&topic, &message, at).await?;
        ensure!(
            state != DeliveryState::Refused,
            "The message was not accepted, because the backlog is full.\nMessage: '{}'",
            message.text.reveal()
        );
        Ok(())
    }

    /// Takes the messages that were received, and reports new dead letters.
    async fn collect(&mut self, line: usize) -> Result<()> {
        for received in self.harness.received().await? {
            if received.has_text() {
                self.newest = Some(received.clone());
            }
            self.unmatched.add(received, line, self.strict);
        }
        for (kind, letter) in self.harness.dead_letters().await? {
            self.fail(line, report::dead_letter(kind, &letter));
        }
        Ok(())
    }

    async fn expect(&mut self, line: usize, to: &Identity, text: &str) -> Result<()> {
        let (media, text) = (std::mem::take(&mut self.attached), self.kept.replace(text));
        let matched = self.unmatched.take(|received| {
            received.to == *to
                && received.meets(&text)
                && (media.is_empty() || received.media == media)
        });
        if matched.is_some() {
            self.newest = matched;
            return Ok(());
        }
        let is_frame = fields(&text).is_some();
        let counts = |received: &ReceivedMessage| {
            received.has_text() || (is_frame && received.frame().is_some())
        };
        let nearest = self.unmatched.nearest(to, counts);
        let mut failure = report::unmet_expectation(self.last_text(), nearest, to, &text, &media);
        if let Some(LastMessage { topic, key, .. }) = &self.last {
            for error in self.harness.errors(topic, key).await? {
                failure.push('\n');
                failure.push_str(&error);
            }
        }
        self.fail(line, failure);
        Ok(())
    }

    fn last_text(&self) -> &str {
        self.last.as_ref().map_or("", |last| &last.text)
    }

    /// Fails for each message that should have been expected before the next exchange begins.
    fn end_exchange(&mut self) {
        if !self.strict {
            return;
        }
        for (line, received) in self.unmatched.take_unexpected() {
            self.fail(line, report::unexpected_message(&received));
        }
    }

    fn fail(&mut self, line: usize, message: String) {
        self.failures.push(Failure { script: self.script.name().to_owned(), line, message });
    }
}
