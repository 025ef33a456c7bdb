//! Lines of socket clients, and the names that a script keeps.

use anyhow::Result;
use chrono::{DateTime, Utc};
use regex::Regex;

use super::{LastMessage, ScriptRun};
use crate::contracts::transport::socket::CloseCode;
use crate::model::address::Identity;
use crate::model::topic::TopicName;
use crate::tester::script::action::SocketAction;
use crate::tester::script::received::ReceivedMessage;
use crate::tester::script::report;
use crate::tester::script::sockets::SentFrame;

impl ScriptRun<'_> {
    /// Sends a text over a socket, or the last one again.
    pub(super) async fn send_frame(
        &mut self,
        topic: TopicName,
        from: &Identity,
        at: Option<DateTime<Utc>>,
        text: Option<&str>,
    ) -> Result<()> {
        let sent = self.harness.send_frame(&topic, from, text, at).await?;
        let SentFrame { text, topic, key } = sent;
        self.last = Some(LastMessage { text, topic, key });
        Ok(())
    }

    pub(super) async fn on_socket(
        &mut self,
        client: &Identity,
        action: &SocketAction,
    ) -> Result<()> {
        let topic = self.topic()?;
        let action = match action {
            SocketAction::Open(hello) => SocketAction::Open(self.kept.replace(hello)),
            other => other.clone(),
        };
        self.harness.act(&topic, client, &action).await
    }

    pub(super) fn expect_closed(&mut self, line: usize, client: &Identity, code: u16) {
        let is_close =
            |received: &ReceivedMessage| received.to == *client && received.close_code().is_some();
        let expected = Some(CloseCode(code));
        let closes =
            |received: &ReceivedMessage| is_close(received) && received.close_code() == expected;
        if self.unmatched.take(closes).is_none() {
            let other = self.unmatched.nearest(client, is_close);
            let failure = report::unmet_close(self.last_text(), client, code, other);
            self.fail(line, failure);
        }
    }

    pub(super) fn keep(&mut self, line: usize, name: &str, pattern: &Regex) {
        let newest = self.newest.as_ref();
        if !newest.is_some_and(|newest| self.kept.keep(name, pattern, &newest.texts())) {
            let failure = report::not_kept(name, pattern.as_str(), newest);
            self.fail(line, failure);
        }
    }
}
