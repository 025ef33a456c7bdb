//! The operator's page: figures, charts, sections and jumps.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::page::Page;
use super::{ANNA, text};
use crate::flows::ROULETTE;
use crate::support::{Deployment, Setup};

/// Sections of the page, by their part of the address.
pub(super) const SECTIONS: [&str; 12] = [
    "overview",
    "topic/roulette",
    "processes",
    "stuck",
    "dead",
    "pauses",
    "budgets",
    "people",
    "optouts",
    "trace",
    "config",
    "audit",
];

pub(super) const NOTICE: &str = "document.getElementById('notice').textContent";

impl Page {
    /// Opens a section of the operator's page, and waits until its figures are live.
    pub(super) async fn open_admin(deployment: &Deployment, section: &str) -> Self {
        let page = Self::visit(&deployment.url(&format!("/admin#/{section}"))).await;
        page.is_live().await;
        page
    }

    /// Moves to another section.
    pub(super) async fn move_to(&self, section: &str) {
        self.value(&format!("location.hash = '#/{section}'"), &[]).await;
        // The section is drawn by the event that follows.
        let shown = "new Promise((done) => setTimeout(() => done(location.hash)))";
        self.value(shown, &[]).await;
        let heading = "document.querySelector('#main h1')?.textContent";
        self.until(heading, &[], Value::is_string).await;
    }

    /// Clicks the first control of the main part with this text.
    pub(super) async fn choose(&self, label: &str) {
        let find = "[...document.querySelectorAll('#main button, #main a, #dialog[open] button')]
            .find((it) => it.textContent === arguments[0])";
        let is_there = format!("{find} !== undefined");
        self.until(&is_there, &[json!(label)], |found| *found == json!(true)).await;
        self.value(&format!("{find}.click()"), &[json!(label)]).await;
    }

    /// Types into the field of the main part with this name.
    pub(super) async fn fill(&self, name: &str, text: &str) {
        self.find(&format!("#main [name={name}]")).await.send_keys(text).await.unwrap();
    }

    /// Waits until the main part shows a text.
    pub(super) async fn shows(&self, text: &str) {
        let main = "document.getElementById('main').innerText";
        self.until(main, &[], |shown| shown.as_str().is_some_and(|it| it.contains(text))).await;
    }

    /// Waits until the main part shows a text no more.
    pub(super) async fn hides(&self, text: &str) {
        let main = "document.getElementById('main').innerText";
        self.until(main, &[], |shown| shown.as_str().is_some_and(|it| !it.contains(text))).await;
    }
}

/// Value of a tile of the overview.
fn tile(name: &str) -> String {
    format!("document.querySelector('.tile[data-key=\"{name}\"] .value')?.textContent")
}

#[tokio::test]
async fn overview_shows_processes_messages_and_charts_live() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "overview").await;
    page.sees(&tile("Processes"), "1").await;
    page.shows("All is well.").await;
    page.sees(&tile("Dead letters"), "0").await;
    text(&deployment, "roulette", ANNA, "hello").await;
    page.sees("document.querySelector('.tile[data-key=Received] .help').textContent", "1 in all")
        .await;
    page.sees("document.querySelectorAll('.chart canvas').length", 4).await;
    let summary = "document.querySelector('[data-chart=backlog] .plot').getAttribute('aria-label')";
    page.until(summary, &[], |it| it.as_str().is_some_and(|it| it.starts_with("Backlog, now: ")))
        .await;
    page.choose("roulette").await;
    page.sees("document.querySelector('#main h1').textContent", "roulette").await;
    page.sees("document.title", "roulette · Crosswire").await;
    // A series is hidden and shown by its entry in the legend.
    let entry = "[data-chart=backlog] .legend button";
    page.sees(&format!("document.querySelector('{entry}').ariaPressed"), "true").await;
    page.click(entry).await;
    page.sees(&format!("document.querySelector('{entry}').ariaPressed"), "false").await;
}

#[tokio::test]
async fn key_opens_a_search_that_jumps_to_sections_topics_and_messages() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "overview").await;
    page.shows("roulette").await;
    let jump = async |typed: &str| {
        let control = char::from(Key::Control);
        page.find("body").await.send_keys(&format!("{control}k{control}")).await.unwrap();
        page.sees("document.activeElement.getAttribute('role')", "combobox").await;
        let keys = format!("{typed}{}", char::from(Key::Enter));
        page.client().active_element().await.unwrap().send_keys(&keys).await.unwrap();
    };
    jump("audit").await;
    page.sees("document.activeElement.textContent", "Audit log").await;
    jump("roul").await;
    page.sees("document.activeElement.textContent", "roulette").await;
    jump("twilio:SM01").await;
    page.sees("location.hash", "#/trace?q=twilio%3ASM01").await;
    page.shows("Nothing is known of it.").await;
}

#[tokio::test]
async fn menu_of_a_phone_is_opened_and_closed_by_keys() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "overview").await;
    page.resize(390, 844, 1.0).await;
    let is_open = "document.getElementById('menu').checkVisibility()";
    page.sees(is_open, false).await;
    page.value("document.getElementById('menu-button').focus()", &[]).await;
    page.press(&[Key::Enter]).await;
    page.sees(is_open, true).await;
    page.press(&[Key::Escape]).await;
    page.sees(is_open, false).await;
    page.press(&[Key::Enter]).await;
    page.press(&[Key::Tab, Key::Tab]).await;
    page.press(&[Key::Enter]).await;
    page.sees("document.activeElement.textContent", "Processes").await;
    page.sees(is_open, false).await;
}

#[tokio::test]
async fn page_survives_an_outage_and_keeps_what_is_typed() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "people").await;
    page.fill("number", "+1415").await;
    deployment.kill_web();
    page.sees("document.getElementById('connection').textContent", "No connection").await;
    page.shows("The server does not answer.").await;
    let typed = "document.querySelector('#main [name=number]').value";
    page.sees(typed, "+1415").await;
    deployment.start_web();
    deployment.wait_ready().await;
    page.is_live().await;
    page.hides("The server does not answer.").await;
    page.sees(typed, "+1415").await;
}

#[tokio::test]
async fn page_keeps_what_it_knew_while_the_store_is_away() {
    let deployment = Setup::dev(ROULETTE).own_redis().start().await;
    let page = Page::open_admin(&deployment, "overview").await;
    page.sees("document.querySelectorAll('[data-key=topics] tbody tr').length", 1).await;
    deployment.redis().kill9();
    page.sees("document.getElementById('connection').dataset.state", "store").await;
    page.shows("The store is not ready").await;
    page.sees("document.querySelectorAll('[data-key=topics] tbody tr').length", 1).await;
    page.move_to("stuck").await;
    page.shows("Try again").await;
    deployment.redis().restart();
    page.is_live().await;
    page.shows("Nothing waits.").await;
}
