//! Page object of the tester's page.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::driver::Browser;
use crate::support::{Deployment, PATIENCE};

/// Texts of all messages of a phone, each after an arrow for its direction.
const BUBBLES: &str =
    "[...document.querySelectorAll('.card')[arguments[0]].querySelectorAll('.bubble')]
    .map(bubble => (bubble.classList.contains('own') ? '> ' : '< ')
        + bubble.querySelector('.text').textContent)";

/// Rows of the log, newest first.
const LOG: &str = "[...document.querySelectorAll('#log tbody tr:not([hidden])')].map(row =>
    ['.sign', '[data-part=number]', '[data-part=text]']
        .map(part => row.querySelector(part).textContent).join(' '))";

const NOTICE: &str = "document.getElementById('notice').textContent";

/// An open page.
pub(super) struct Page {
    browser: Browser,
}

impl Page {
    /// Opens the page with phones, and waits until it is live.
    pub(super) async fn open(deployment: &Deployment, phones: &[&str]) -> Self {
        let page = Self { browser: Browser::start().await };
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(phones.iter().map(|phone| ("phone", phone)))
            .finish();
        page.client().goto(&deployment.url(&format!("/tester?{query}"))).await.unwrap();
        page.is_live().await;
        page
    }

    /// Opens any page.
    pub(super) async fn visit(url: &str) -> Self {
        let page = Self { browser: Browser::start().await };
        page.client().goto(url).await.unwrap();
        page
    }

    pub(super) fn client(&self) -> &Client {
        self.browser.client()
    }

    pub(super) fn browser(&self) -> &Browser {
        &self.browser
    }

    pub(super) async fn is_live(&self) {
        self.sees("document.getElementById('connection').dataset.state", "live").await;
    }

    pub(super) async fn reload(&self) {
        self.client().refresh().await.unwrap();
        self.is_live().await;
    }

    pub(super) async fn find(&self, css: &str) -> Element {
        self.client().find(Locator::Css(css)).await.unwrap()
    }

    pub(super) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Activates a button by the keyboard, wherever it is in the page.
    pub(super) async fn press_button(&self, css: &str) {
        self.find(css).await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    }

    /// CSS selector of a part of a phone.
    pub(super) fn part(phone: usize, part: &str) -> String {
        format!(".card:nth-child({}) {part}", phone + 1)
    }

    /// Types into a phone, key by key.
    pub(super) async fn write(&self, phone: usize, keys: &str) {
        self.find(&Self::part(phone, "textarea")).await.send_keys(keys).await.unwrap();
    }

    /// Types a text and sends it.
    pub(super) async fn send(&self, phone: usize, text: &str) {
        self.write(phone, &format!("{text}{}", char::from(Key::Enter))).await;
    }

    /// Replaces the number of a phone by typing.
    pub(super) async fn rename(&self, phone: usize, number: &str) {
        let input = self.find(&Self::part(phone, "[data-part=number]")).await;
        let [control, enter] = [Key::Control, Key::Enter].map(char::from);
        input.send_keys(&format!("{control}a{control}{number}{enter}")).await.unwrap();
    }

    /// Presses keys in the focused element.
    pub(super) async fn press(&self, keys: &[Key]) {
        let focused = self.client().active_element().await.unwrap();
        let keys: String = keys.iter().map(|key| char::from(*key)).collect();
        focused.send_keys(&keys).await.unwrap();
    }

    /// Evaluates a JavaScript expression in the page.
    pub(super) async fn value(&self, expression: &str, arguments: &[Value]) -> Value {
        let script = format!("return {expression}");
        self.client().execute(&script, arguments.to_vec()).await.unwrap()
    }

    /// Evaluates an asynchronous JavaScript expression in the page.
    pub(super) async fn settled(&self, expression: &str) -> Value {
        let script = format!("(async () => {expression})().then(arguments[0])");
        self.client().execute_async(&script, Vec::new()).await.unwrap()
    }

    /// Waits until an expression has a value.
    pub(super) async fn sees(&self, expression: &str, expected: impl Into<Value>) {
        let expected = expected.into();
        self.until(expression, &[], |value| *value == expected).await;
    }

    /// Waits until the value of an expression meets a condition, and returns it.
    pub(super) async fn until(
        &self,
        expression: &str,
        arguments: &[Value],
        is_right: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.value(expression, arguments).await;
            if is_right(&value) {
                return value;
            }
            assert!(Instant::now() < deadline, "{expression} is {value:#}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a phone shows exactly these messages.
    pub(super) async fn bubbles(&self, phone: usize, expected: &[String]) {
        self.until(BUBBLES, &[json!(phone)], |shown| *shown == json!(expected)).await;
    }

    /// Waits until a message is the last one of a phone.
    pub(super) async fn bubble(&self, phone: usize, expected: &str) {
        let is_last = |shown: &Value| shown.as_array().unwrap().last() == Some(&json!(expected));
        self.until(BUBBLES, &[json!(phone)], is_last).await;
    }

    /// Waits until the log shows exactly these rows, newest first.
    pub(super) async fn log(&self, expected: &[&str]) {
        self.until(LOG, &[], |rows| *rows == json!(expected)).await;
    }

    pub(super) async fn notice(&self, expected: &str) {
        self.sees(NOTICE, expected).await;
    }

    /// Emulates a window size and a pixel ratio.
    pub(super) async fn resize(&self, width: u32, height: u32, scale: f64) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false,
        });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Emulates the preference for a `dark` or `light` colour scheme.
    pub(super) async fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]});
        self.browser.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Saves a screenshot in `target/screenshots`, for review by a person.
    pub(super) async fn picture(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        std::fs::write(&file, self.client().screenshot().await.unwrap()).unwrap();
        file
    }
}
