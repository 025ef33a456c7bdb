//! The log of all phones.

use super::{ANNA, BEN, chatting, received, two_phones};
use crate::flows::texts::{CONNECTED, WAIT};
use crate::support::{PATIENCE, poll};

#[tokio::test]
async fn log_is_filtered_and_cleared_by_phone_or_completely() {
    let (_deployment, page) = two_phones().await;
    page.resize(1400, 900, 1.0).await;
    let empty = "document.querySelector('#log [data-part=empty]').innerText";
    let hint = "You haven't sent or received any test messages yet.\n\n\
                   Use the form on the left to get started.";
    page.sees(empty, hint).await;
    page.send(0, "connect").await;
    let [reply, command] = [format!("<< {ANNA} {WAIT}"), format!(">> {ANNA} connect")];
    page.log(&[&reply, &command]).await;
    let title = "document.querySelector('#log tr.in').title";
    page.sees(title, "Incoming (You sent this message to Crosswire)").await;
    let title = "document.querySelector('#log tr.out').title";
    page.sees(title, "Outgoing (You received this message from Crosswire)").await;

    page.send(1, "stats").await;
    let is_counted = format!(
        "[...document.querySelectorAll('#log tr.out')].some(row => row.textContent.includes('{BEN}'))"
    );
    page.sees(&is_counted, true).await;
    page.find("#log [data-part=filter]").await.select_by_value(ANNA).await.unwrap();
    page.log(&[&reply, &command]).await;
    page.click("#log [data-part=clear]").await;
    page.notice(&format!("Cleared {ANNA} messages")).await;
    page.bubbles(0, &[]).await;
    page.log(&[]).await;
    page.find("#log [data-part=filter]").await.select_by_value("").await.unwrap();
    let last = "document.querySelector('#log tbody tr:last-child').textContent";
    page.until(last, &[], |row| row.as_str().unwrap().contains(BEN)).await;
    page.sees("document.querySelectorAll('#log tbody tr').length", 2).await;
    page.reload().await;
    page.sees("document.querySelectorAll('#log tbody tr').length", 2).await;

    page.click("#log [data-part=clear-all]").await;
    page.sees("document.querySelector('#question h2').textContent", "Clear all messages?").await;
    page.click("#question button[value='']").await;
    page.sees("document.querySelectorAll('#log tbody tr').length", 2).await;
    page.click("#log [data-part=clear-all]").await;
    page.click("#question button[value=yes]").await;
    page.notice("Cleared all messages").await;
    page.bubbles(1, &[]).await;
    page.sees(empty, hint).await;
    page.resize(390, 844, 1.0).await;
    page.sees(empty, hint.replace("on the left", "above")).await;
}

#[tokio::test]
async fn log_says_in_words_on_a_phone_who_wrote_to_whom() {
    let (_deployment, page) = chatting().await;
    page.resize(390, 844, 2.0).await;
    let first_lines = "[...document.querySelectorAll('#log tbody td.number')].slice(0, 3)
        .map(({innerText}) => innerText.trim())";
    let expected = [format!("To {BEN}"), format!("To {ANNA}"), format!("From {BEN}")];
    let is_right = |shown: &serde_json::Value| {
        let mut shown: Vec<String> = serde_json::from_value(shown.clone()).unwrap();
        let mut expected = expected.clone();
        // The two replies come in any order.
        shown[..2].sort();
        expected[..2].sort();
        shown == expected
    };
    page.until(first_lines, &[], is_right).await;
    page.resize(1400, 900, 1.0).await;
    let sign = "document.querySelector('#log tbody td.number').innerText.trim().slice(0, 2)";
    page.sees(sign, "<<").await;
}

#[tokio::test]
async fn pair_is_shown_side_by_side_in_the_order_of_time() {
    let (_deployment, page) = chatting().await;
    page.send(0, "over to you").await;
    page.bubble(1, &received("Stranger: over to you")).await;
    let filter = page.find("#log [data-part=filter]").await;
    filter.select_by_value(&format!("{ANNA} {BEN}")).await.unwrap();
    page.sees("document.querySelector('#log table').hidden", true).await;
    let shown = "[...document.querySelectorAll('#log .pair .bubble')].slice(-2).map(bubble =>
        `${bubble.dataset.side} ${bubble.querySelector('.text').textContent}`)";
    page.sees(shown, serde_json::json!(["0 over to you", "1 Stranger: over to you"])).await;
    page.send(1, "thanks").await;
    page.sees(shown, serde_json::json!(["1 thanks", "0 Stranger: thanks"])).await;
    // Each is in its own column, below its number, and follows the state of its message.
    let columns = "[...document.querySelectorAll('#log .pair .who')].every((head, side) =>
        [...document.querySelectorAll(`#log .pair .bubble[data-side='${side}']`)].every(bubble => {
            const [own, all] = [bubble, head].map(one => one.getBoundingClientRect());
            return own.left >= all.left - 1 && own.right <= all.right + 1;
        }))";
    page.sees(columns, true).await;
    page.sees("document.querySelectorAll('#log .pair [data-state=queued]').length", 0).await;
    filter.select_by_value("").await.unwrap();
    page.sees("document.querySelectorAll('#log .pair .bubble').length", 0).await;
    page.sees("document.querySelectorAll('#log tbody tr:not([hidden])').length", 9).await;
}

#[tokio::test]
async fn exported_script_is_downloaded_and_passes() {
    let (deployment, page) = chatting().await;
    page.send(0, "and again?").await;
    page.bubble(1, &received("Stranger: and again?")).await;
    let folder = page.browser().folder();
    page.click("#log a[download]").await;
    let script = poll(PATIENCE, || std::fs::read_to_string(folder.join("crosswire.script")).ok());
    let script = script.expect("it is downloaded");
    for expected in [ANNA, BEN, "connect", WAIT, CONNECTED, "Stranger: and again?"] {
        assert!(script.contains(expected), "{expected} is not in\n{script}");
    }
    let file = folder.join("crosswire.script");
    let run = deployment.crosswire(&["script", file.to_str().unwrap()]);
    let output = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{output}\n{script}");
    assert!(output.ends_with("scripts: 1, failed: 0, failures: 0\n"), "{output}");
}
