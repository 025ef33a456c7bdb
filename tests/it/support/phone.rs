//! A phone: one number that texts one of our lines.

use super::deployment::LINE;
use super::twilio::Message;
use super::{Answer, Deployment, PATIENCE, Webhook};

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

    /// The webhook that a text of this phone becomes, to be bent or sent.
    pub(crate) fn webhook(&self, text: &str) -> Webhook {
        // A command is a word that a log may well hold; several words are the sender's own.
        if text.contains(' ') {
            self.deployment.keep_secret(text);
        }
        self.deployment.webhook(&self.path, [&self.number, LINE, text])
    }

    pub(crate) async fn text(&self, text: &str) -> Answer {
        self.webhook(text).send().await.expect("web answers")
    }

    /// What this phone was sent, oldest first.
    pub(crate) fn inbox(&self) -> Vec<String> {
        texts_to(&self.number, &self.deployment.twilio().messages())
    }

    /// What this phone was sent, once it is so many texts.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<String> {
        let enough = |messages: &[Message]| texts_to(&self.number, messages).len() >= count;
        texts_to(&self.number, &self.deployment.twilio().wait_until(PATIENCE, enough).await)
    }
}

fn texts_to(number: &str, messages: &[Message]) -> Vec<String> {
    messages.iter().filter(|m| m.to == number).map(|m| m.body.clone()).collect()
}
