//! The log of all phones.

use super::{ANNA, BEN, chatting, received, two_phones};
use crate::flows::texts::{CONNECTED, WAIT};
use crate::support::{PATIENCE, poll};

#[tokio::test]
async fn log_is_filtered_and_cleared_by_phone_or_completely() {
    let (_deployment, page) = two_phones().await;
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
    page.notice("Cleared all messages").await;
    page.bubbles(1, &[]).await;
    page.sees(empty, hint).await;
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
