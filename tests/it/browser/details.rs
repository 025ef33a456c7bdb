//! Details of a message.

use serde_json::{Value, json};

use super::page::Page;
use super::{ANNA, chatting, received};

const FACTS: &str = "Object.fromEntries([...document.querySelectorAll('#details dl div')]
    .map(({children: [name, value]}) => [name.textContent, value.textContent]))";
const STATES: &str = "[...document.querySelectorAll('#details tbody tr')]
    .map(({children: [state, time, after]}) =>
        [state.querySelector('b').textContent, time.textContent, after.textContent])";
const IS_OPEN: &str = "document.getElementById('details').open";

/// Reads the states, and checks that each has a time in milliseconds.
async fn states(page: &Page, expected: &[&str]) {
    let is_complete = |shown: &Value| {
        let names = |row: &Value| row[0].as_str().unwrap().to_owned();
        shown.as_array().unwrap().iter().map(names).eq(expected.iter().copied())
    };
    let shown = page.until(STATES, &[], is_complete).await;
    let time = regex::Regex::new(r"^.*[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}$").unwrap();
    let after = regex::Regex::new(r"^[0-9]+\.[0-9]{3} s$").unwrap();
    for row in shown.as_array().unwrap() {
        assert!(time.is_match(row[1].as_str().unwrap()), "{row}");
        assert!(after.is_match(row[2].as_str().unwrap()), "{row}");
    }
    assert_eq!(shown[0][2], "0.000 s");
}

#[tokio::test]
async fn click_on_a_message_shows_its_id_states_and_times() {
    let (deployment, page) = chatting().await;
    page.resize(1400, 900, 1.0).await;
    page.send(0, "hello").await;
    page.bubble(1, &received("Stranger: hello")).await;
    page.click(&Page::part(0, ".bubble:last-child .text")).await;
    page.sees("document.querySelector('#details h2').textContent", "Incoming message").await;
    page.sees("document.querySelector('#details .text').textContent", "hello").await;
    page.sees(&format!("{FACTS}.Size"), "5 characters · GSM-7 · 1 segment · 155 left").await;
    let facts = page.value(FACTS, &[]).await;
    assert_eq!(facts["From"], ANNA);
    assert_eq!(facts["To"], "Crosswire");
    assert_eq!(facts["Topic"], "roulette");
    let id = facts["Id"].as_str().unwrap();
    assert!(id.starts_with("TM"), "{facts}");
    states(&page, &["queued", "handled"]).await;

    // The dialog follows the message: it is delivered once more meanwhile.
    let again = deployment.call("POST", "/tester/again").json(&json!({ "id": id }));
    assert_eq!(again.send().await.unwrap().status(), 200);
    states(&page, &["queued", "handled", "queued", "duplicate"]).await;
    page.click("#details .head button").await;
    page.sees(IS_OPEN, false).await;

    // The states survive a reload. A row of the log opens the same details, by keyboard as well.
    page.reload().await;
    page.press_button("#log tbody tr:first-child td.state button").await;
    page.sees("document.querySelector('#details h2').textContent", "Outgoing message").await;
    states(&page, &["sent", "delivered"]).await;
    page.press(&[fantoccini::key::Key::Escape]).await;
    page.sees(IS_OPEN, false).await;
    page.click("#log tbody tr:first-child td.text").await;
    page.sees(IS_OPEN, true).await;
}

#[tokio::test]
async fn text_id_and_json_of_a_message_are_copied() {
    let (deployment, page) = chatting().await;
    let permissions = json!({
        "origin": deployment.url(""),
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
    });
    page.browser().devtools("Browser.grantPermissions", permissions).await;
    page.click(&Page::part(0, ".bubble:first-child .text")).await;
    let id = page.value(&format!("{FACTS}.Id"), &[]).await;
    page.click("#details [data-part=copy-text]").await;
    page.sees("document.querySelector('#details [data-part=copy-text]').textContent", "Copied")
        .await;
    assert_eq!(page.settled("await navigator.clipboard.readText()").await, "connect");
    page.click("#details [data-part=copy-id]").await;
    page.sees("document.querySelector('#details [data-part=copy-id]').textContent", "Copied").await;
    assert_eq!(page.settled("await navigator.clipboard.readText()").await, id);
    page.click("#details [data-part=copy-all]").await;
    page.sees("document.querySelector('#details [data-part=copy-all]').textContent", "Copied")
        .await;
    let copied = page.settled("JSON.parse(await navigator.clipboard.readText())").await;
    assert_eq!(copied["id"], id);
    assert_eq!(copied["history"][1]["state"], "handled");
}
