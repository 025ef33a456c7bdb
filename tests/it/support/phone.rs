//! A phone that texts the line of a deployment.

use super::deployment::LINE;
use super::twilio::Message;
use super::{Answer, Deployment, PATIENCE, Webhook};

/// One number, with the webhook path that its texts arrive at.
pub(crate) struct Phone<'d> {
    deployment: &'d Deployment,
    number: String,
    path: String,
}

impl<'d> Phone<'d> {
    pub(super) fn new(deployment: &'d Deployment, number: &str, path: &str) -> Self {
        if let Some(digits) = number.strip_prefix('+') {
            deployment.keep_secret(digits);
        }
        Self { deployment, number: number.to_owned(), path: path.to_owned() }
    }

    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    /// Webhook of a text from this phone, to be modified or sent.
    pub(crate) fn webhook(&self, text: &str) -> Webhook {
        // A log may contain a command, which is one word, but never a text of several words.
        if text.contains(' ') {
            self.deployment.keep_secret(text);
        }
        self.deployment.webhook(&self.path, [&self.number, LINE, text])
    }

    pub(crate) async fn text(&self, text: &str) -> Answer {
        self.webhook(text).send().await.expect("web answers")
    }

    /// Texts that this phone received, oldest first.
    pub(crate) fn inbox(&self) -> Vec<String> {
        texts_to(&self.number, &self.deployment.twilio().messages())
    }

    /// Waits until this phone has received `count` texts, and returns all of them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<String> {
        let enough = |messages: &[Message]| texts_to(&self.number, messages).len() >= count;
        texts_to(&self.number, &self.deployment.twilio().wait_until(PATIENCE, enough).await)
    }
}

fn texts_to(number: &str, messages: &[Message]) -> Vec<String> {
    messages.iter().filter(|m| m.to == number).map(|m| m.body.clone()).collect()
}
