//! Actions on the operator's page: pauses, bans, opt-outs, traces.

use serde_json::json;

use super::admin::NOTICE;
use super::page::Page;
use super::{ANNA, BEN, text};
use crate::flows::ROULETTE;
use crate::support::{PATIENCE, Setup, poll};

#[tokio::test]
async fn paused_topic_keeps_its_messages_until_it_is_resumed() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "topic/roulette").await;
    page.choose("Pause").await;
    page.sees("document.activeElement.textContent", "Cancel").await;
    page.click("#dialog [value=yes]").await;
    page.sees(NOTICE, "roulette is paused.").await;
    page.sees("document.querySelector('.tools .sign').textContent", "Paused").await;
    // Processes ask for pauses each second.
    let is_known = || deployment.logs().contains("an operator has paused").then_some(());
    assert!(poll(PATIENCE, is_known).is_some(), "no process knows of the pause");
    text(&deployment, "roulette", ANNA, "connect").await;
    page.sees("document.querySelector('[data-key=inbound] .big strong').textContent", "1").await;
    page.move_to("stuck").await;
    page.sees("document.querySelectorAll('#main tbody tr').length", 1).await;
    page.hides(ANNA).await;
    page.move_to("pauses").await;
    page.shows("when it is resumed").await;
    page.choose("Resume").await;
    page.shows("Nothing is paused.").await;
    page.move_to("stuck").await;
    page.shows("Nothing waits.").await;
}

#[tokio::test]
async fn person_is_barred_and_the_bar_is_lifted() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "people").await;
    page.shows("No person is barred.").await;
    page.fill("number", BEN).await;
    page.fill("time", "soon").await;
    page.choose("Bar").await;
    page.sees(NOTICE, "Write the time as 90m, 12h or 7d, or leave it out.").await;
    page.value("document.querySelector('#main [name=time]').value = '7d'", &[]).await;
    page.fill("reason", "spam").await;
    page.choose("Bar").await;
    page.sees(NOTICE, "The person is barred.").await;
    page.shows("***02").await;
    page.hides(BEN).await;
    page.sees("document.querySelector('#main [name=number]').value", "").await;
    page.choose("Lift").await;
    page.click("#dialog [value=yes]").await;
    page.sees(NOTICE, "The bar is lifted.").await;
    page.shows("No person is barred.").await;
}

#[tokio::test]
async fn person_is_opted_out_and_the_opt_out_is_taken_back() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let page = Page::open_admin(&deployment, "optouts").await;
    page.shows("No person has opted out.").await;
    page.fill("number", BEN).await;
    page.choose("Do it").await;
    page.sees(NOTICE, "The person has opted out.").await;
    page.shows("***02").await;
    page.sees("document.querySelector('#main [name=number]').value", "").await;
    page.fill("what", "take back").await;
    page.fill("number", BEN).await;
    page.choose("Do it").await;
    page.click("#dialog [value=yes]").await;
    page.sees(NOTICE, "The opt-out is taken back.").await;
    page.shows("No person has opted out.").await;
}

#[tokio::test]
async fn trace_shows_a_message_from_its_call_to_its_answer() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let body = json!({ "topic": "roulette", "number": ANNA, "messages": ["connect"] });
    let sent = deployment.call("POST", "/tester/send").json(&body).send().await.unwrap();
    let sent: serde_json::Value = sent.json().await.unwrap();
    let id = format!("tester:{}", sent["results"][0]["id"].as_str().unwrap());
    let page = Page::open_admin(&deployment, &format!("trace?q={id}")).await;
    page.click(".check input").await;
    let steps = "[...document.querySelectorAll('.story li .sign')].map((it) => it.textContent)";
    let is_whole = |shown: &serde_json::Value| {
        ["received", "queued", "handled", "recorded"]
            .iter()
            .all(|step| shown.as_array().is_some_and(|it| it.contains(&json!(step))))
    };
    page.until(steps, &[], is_whole).await;
    // A number finds the same, and stands neither in the address nor on the page.
    page.value("document.querySelector('[name=q]').value = ''", &[]).await;
    page.fill("q", ANNA).await;
    page.choose("Trace").await;
    page.sees("location.hash", "#/trace").await;
    page.shows(&id).await;
    page.hides(ANNA).await;
}
