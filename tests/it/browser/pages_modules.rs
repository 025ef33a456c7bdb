//! Modules of the pages that have no page: delays, close codes, what is kept in a tab.

use serde_json::{Value, json};

use super::page::Page;
use super::pages::serve;

/// Opens a page whose assets the expressions may import.
async fn open() -> Page {
    Page::visit(&format!("{}/room/new", serve())).await
}

/// Evaluates an expression over a module of the page, which it calls `module`.
async fn eval(page: &Page, name: &str, expression: &str) -> Value {
    let script = format!(
        "const done = arguments[0];
        const place = document.querySelector('script').src;
        import(new URL('{name}', place)).then((module) => done({expression}), (e) => done(`${{e}}`));"
    );
    page.client().execute_async(&script, Vec::new()).await.unwrap()
}

#[tokio::test]
async fn delay_of_a_reconnect_doubles_up_to_its_bound_with_full_jitter() {
    let page = open().await;
    let delays = "[0, 1, 2, 5, 50].map((attempt) => module.backoff(attempt, () => 1))";
    let expected = json!([1_000, 2_000, 4_000, 20_000, 20_000]);
    assert_eq!(eval(&page, "backoff.js", delays).await, expected);
    let drawn = "[0, 0.5].map((drawn) => module.backoff(2, () => drawn))";
    assert_eq!(eval(&page, "backoff.js", drawn).await, json!([0, 2_000]));
}

#[tokio::test]
async fn close_codes_are_final_or_lead_to_another_attempt() {
    let page = open().await;
    let found = |codes: &str| format!("{codes}.map((code) => module.finalClose(code))");
    let passing = eval(&page, "closes.js", &found("[1001, 1006, 1011, 1012, 1013, 4408]")).await;
    assert_eq!(passing, json!([null, null, null, null, null, null]));
    let again = |codes: &str| format!("{codes}.map((code) => module.finalClose(code).again)");
    let lasting = eval(&page, "closes.js", &again("[4401, 4403, 4404, 4410]")).await;
    assert_eq!(lasting, json!([null, null, null, null]));
    let on_request = again("[4409, 4423, 4429]");
    let labels = json!(["Continue here", "Try again", "Try again"]);
    assert_eq!(eval(&page, "closes.js", &on_request).await, labels);
}

#[tokio::test]
async fn countdown_is_shown_in_minutes_and_seconds() {
    let page = open().await;
    let shown = eval(&page, "clock.js", "[0, 9, 61, 600, 3_725].map(module.minutes)").await;
    assert_eq!(shown, json!(["00:00", "00:09", "01:01", "10:00", "62:05"]));
}

#[tokio::test]
async fn unacknowledged_messages_keep_their_ids_through_a_reload() {
    let page = open().await;
    let fill = "import(new URL('store.js', place)).then(({ Store }) => {
            const outbox = new module.Outbox(new Store('rooms'));
            for (const text of ['one', 'two', 'three']) outbox.add({ text });
            outbox.take(outbox.all[1].id);
            return outbox.all;
        })";
    let kept = eval(&page, "outbox.js", fill).await;
    assert_eq!(kept[0]["text"], "one");
    assert_eq!(kept[1]["text"], "three");
    assert_eq!(kept[0]["id"].as_str().map(str::len), Some(32));
    assert_ne!(kept[0]["id"], kept[1]["id"]);
    page.client().refresh().await.unwrap();
    let read = "import(new URL('store.js', place)).then(({ Store }) =>
        new module.Outbox(new Store('rooms')).all)";
    assert_eq!(eval(&page, "outbox.js", read).await, kept);
}

#[tokio::test]
async fn line_that_comes_twice_is_new_once() {
    let page = open().await;
    let lines = "import(new URL('store.js', place)).then(({ Store }) => {
            const inbox = new module.Inbox(new Store('rooms'));
            const take = (id) => { const isNew = inbox.isNew(id); inbox.advance(id); return isNew; };
            return [...['1', '2', '1', '2', '3', undefined, undefined].map(take), inbox.last];
        })";
    let seen = eval(&page, "inbox.js", lines).await;
    assert_eq!(seen, json!([true, true, false, false, true, true, true, "3"]));
}
