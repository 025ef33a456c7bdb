//! Execution of a script, line by line, and the comparison of received with expected messages.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};

use super::action::{Action, Line};
use super::failure::{Failure, Failures};
use super::grammar::Script;
use super::harness::ScriptHarness;
use super::received::ReceivedMessage;
use super::report;
use crate::model::address::Identity;
use crate::model::message::Media;
use crate::model::topic::TopicName;
use crate::tester::phones::TestMessage;
use crate::tester::{DeliveryState, InjectedFault};

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
            unmatched: Vec::new(),
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
    /// Received messages that no `<` has matched yet, oldest first.
    unmatched: Vec<UnmatchedMessage>,
    attached: Vec<Media>,
    last: Option<SentMessage>,
    /// Last message of each number.
    sent: HashMap<Identity, SentMessage>,
    failures: Vec<Failure>,
}

#[derive(Clone)]
struct SentMessage {
    topic: TopicName,
    message: TestMessage,
}

struct UnmatchedMessage {
    received: ReceivedMessage,
    /// Number of the line that caused it.
    line: usize,
    must_be_expected: bool,
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
            Action::Topic(topic) => self.topic = Some(topic.clone()),
            Action::Attach(media) => self.attached.push(media.clone()),
            Action::Strict(strict) => self.strict = *strict,
        }
        Ok(())
    }

    async fn send(&mut self, from: &Identity, at: Option<DateTime<Utc>>, text: &str) -> Result<()> {
        let topic = self.topic.clone().context("there is no topic; write one into topics.toml")?;
        let media = std::mem::take(&mut self.attached);
        let message = TestMessage { media, ..TestMessage::new(from.clone(), text) };
        let sent = SentMessage { topic, message };
        self.sent.insert(from.clone(), sent.clone());
        self.deliver(sent, at).await
    }

    async fn redeliver(&mut self, number: &Identity) -> Result<()> {
        let sent = self.sent.get(number).cloned();
        let sent = sent.context("nothing was sent that could be delivered again")?;
        self.deliver(sent, None).await
    }

    async fn deliver(&mut self, sent: SentMessage, at: Option<DateTime<Utc>>) -> Result<()> {
        self.last = Some(sent.clone());
        let state = self.harness.send(&sent.topic, &sent.message, at).await?;
        ensure!(
            state != DeliveryState::Refused,
            "The message was not accepted, because the backlog is full.\nMessage: '{}'",
            sent.message.text.reveal()
        );
        Ok(())
    }

    /// Takes the messages that were received, and reports new dead letters.
    async fn collect(&mut self, line: usize) -> Result<()> {
        for received in self.harness.received().await? {
            let must_be_expected = self.strict;
            self.unmatched.push(UnmatchedMessage { received, line, must_be_expected });
        }
        for (kind, letter) in self.harness.dead_letters().await? {
            self.fail(line, report::dead_letter(kind, &letter));
        }
        Ok(())
    }

    async fn expect(&mut self, line: usize, to: &Identity, text: &str) -> Result<()> {
        let media = std::mem::take(&mut self.attached);
        let matches = |unmatched: &UnmatchedMessage| {
            let received = &unmatched.received;
            received.to == *to
                && received.text == text
                && (media.is_empty() || received.media == media)
        };
        if let Some(at) = self.unmatched.iter().position(matches) {
            self.unmatched.remove(at);
            return Ok(());
        }
        let last = self.last.as_ref().map_or("", |sent| sent.message.text.reveal());
        let mut failure = report::unmet_expectation(last, self.nearest(to), to, text, &media);
        if let Some(SentMessage { topic, message }) = &self.last {
            for error in self.harness.errors(topic, &message.id).await? {
                failure.push('\n');
                failure.push_str(&error);
            }
        }
        self.fail(line, failure);
        Ok(())
    }

    /// The last unmatched message to a number, or else to any other.
    fn nearest(&self, to: &Identity) -> Option<&ReceivedMessage> {
        let mut newest_first = self.unmatched.iter().rev().map(|unmatched| &unmatched.received);
        newest_first.clone().find(|received| received.to == *to).or_else(|| newest_first.next())
    }

    /// Fails for each message that should have been expected before the next exchange begins.
    fn end_exchange(&mut self) {
        let strict = self.strict;
        let (unexpected, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unmatched)
            .into_iter()
            .partition(|unmatched| strict && unmatched.must_be_expected);
        self.unmatched = kept;
        for UnmatchedMessage { received, line, .. } in unexpected {
            self.fail(line, report::unexpected_message(&received));
        }
    }

    fn fail(&mut self, line: usize, message: String) {
        self.failures.push(Failure { script: self.script.name().to_owned(), line, message });
    }
}
