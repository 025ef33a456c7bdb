//! Page object of a person in a room.

use std::ops::Deref;

use fantoccini::key::Key;
use serde_json::json;

use super::page::Page;
use crate::support::Deployment;

/// Messages of the log, each after the name of its sender.
const MESSAGES: &str = "[...document.querySelectorAll('#log .bubble')].map((bubble) =>
    `${bubble.querySelector('.name').textContent}: ${bubble.querySelector('.text').textContent}`)";

/// The log's lines that are no messages.
const QUIET: &str = "[...document.querySelectorAll('#log .quiet')].map((line) => line.textContent)";

/// A person with a browser.
pub(super) struct Guest {
    page: Page,
}

impl Deref for Guest {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Guest {
    /// Asks for a room, and waits until the person is in it.
    pub(super) async fn create(deployment: &Deployment, name: &str) -> Self {
        let guest = Self::open(&deployment.url("/room/new")).await;
        guest.enter(name).await;
        guest
    }

    /// Opens a link, and joins.
    pub(super) async fn join(link: &str, name: &str) -> Self {
        let guest = Self::open(link).await;
        guest.enter(name).await;
        guest
    }

    /// Opens a page without joining, in a window that is wide enough to show everything.
    pub(super) async fn open(link: &str) -> Self {
        let page = Page::visit(link).await;
        page.resize(1280, 800, 1.0).await;
        Self { page }
    }

    /// Fills in the form for the name.
    pub(super) async fn enter(&self, name: &str) {
        self.sees("document.querySelector('#start button').disabled", false).await;
        let keys = format!("{name}{}", char::from(Key::Enter));
        self.find("#start [name=name]").await.send_keys(&keys).await.unwrap();
        self.is_inside().await;
    }

    pub(super) async fn is_inside(&self) {
        self.sees("document.getElementById('room')?.checkVisibility()", true).await;
        self.is_live().await;
    }

    /// Address of the page that lets others in.
    pub(super) async fn link(&self) -> String {
        let link = self.value("document.querySelector('[data-part=link]').value", &[]).await;
        link.as_str().unwrap().to_owned()
    }

    /// Types a message, and sends it with the Enter key.
    pub(super) async fn say(&self, text: &str) {
        let keys = format!("{text}{}", char::from(Key::Enter));
        self.find("#composer textarea").await.send_keys(&keys).await.unwrap();
    }

    /// Waits until the log has exactly these messages.
    pub(super) async fn hears(&self, expected: &[&str]) {
        self.sees(MESSAGES, json!(expected)).await;
    }

    /// Waits until the log has exactly these messages, whose senders did not wait for each other.
    pub(super) async fn hears_in_any_order(&self, expected: &[&str]) {
        self.sees(&format!("({MESSAGES}).sort()"), json!(expected)).await;
    }

    /// Waits until a line is the last one of the log that is no message.
    pub(super) async fn is_told(&self, expected: &str) {
        let last = |lines: &serde_json::Value| {
            lines.as_array().unwrap().last().is_some_and(|line| *line == json!(expected))
        };
        self.until(QUIET, &[], last).await;
    }

    /// Waits until exactly these people are here.
    pub(super) async fn meets(&self, expected: &[&str]) {
        let names = "[...document.querySelectorAll('#people li bdi')].map((n) => n.textContent)";
        self.sees(names, json!(expected)).await;
        self.sees(
            "document.querySelector('#people .number').textContent",
            expected.len().to_string(),
        )
        .await;
    }

    /// Waits until the person is shown that it is over.
    pub(super) async fn is_out(&self, title: &str) {
        self.sees("document.getElementById('end').checkVisibility()", true).await;
        self.sees("document.getElementById('end-title').textContent", title).await;
    }
}
