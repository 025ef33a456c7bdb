//! Writing messages: by keyboard, with pictures, from a file.

use base64::Engine as _;
use fantoccini::key::Key;
use serde_json::json;

use super::page::Page;
use super::{ANNA, chatting, received, sent, two_phones};
use crate::support::Setup;

/// A PNG of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

#[tokio::test]
async fn enter_sends_and_shift_enter_starts_a_new_line() {
    let (_deployment, page) = two_phones().await;
    let newline =
        format!("{}{}{}", char::from(Key::Shift), char::from(Key::Enter), char::from(Key::Shift));
    page.send(0, &format!("one{newline}two")).await;
    page.sees("document.querySelector('.card .own .text')?.textContent", "one\ntwo").await;
    page.sees("document.querySelector('.card textarea').value", "").await;
}

#[tokio::test]
async fn enter_in_the_number_field_moves_to_the_message_and_types_nothing() {
    let (_deployment, page) = two_phones().await;
    page.rename(0, "+14155550199").await;
    page.sees("document.activeElement.dataset.part", "text").await;
    page.sees("document.querySelector('.card').getAttribute('aria-label')", "Phone +14155550199")
        .await;
    // Whatever the key types is in the field before the next one.
    page.press(&[Key::Tab]).await;
    page.sees("document.querySelector('.card textarea').value", "").await;
}

#[tokio::test]
async fn arrow_up_recalls_the_sent_texts_and_overwrites_none() {
    let (_deployment, page) = two_phones().await;
    for text in ["first", "second", "second", "third"] {
        page.send(0, text).await;
    }
    page.sees("document.querySelectorAll('.card:first-child .own').length", 4).await;
    // The texts come from the board, and so survive a reload.
    page.reload().await;
    let typed = "document.querySelector('.card textarea').value";
    for (key, expected) in [
        (Key::Up, "third"),
        (Key::Up, "second"),
        (Key::Up, "first"),
        (Key::Up, "first"),
        (Key::Down, "second"),
        (Key::Down, "third"),
        (Key::Down, ""),
        (Key::Down, ""),
        (Key::Up, "third"),
    ] {
        page.press(&[key]).await;
        page.sees(typed, expected).await;
    }
    page.write(0, " and more").await;
    page.press(&[Key::Up]).await;
    page.sees(typed, "third and more").await;
    page.press(&[Key::Enter]).await;
    page.bubbles(1, &[]).await;
    page.sees(
        "document.querySelector('.card .own:nth-last-child(1 of .own) .text').textContent",
        "third and more",
    )
    .await;
}

#[tokio::test]
async fn segment_count_follows_the_typed_text() {
    let (_deployment, page) = two_phones().await;
    let count = "document.querySelector('.card [data-part=count]').textContent";
    page.write(0, &"a".repeat(161)).await;
    page.sees(count, "161 characters · GSM-7 · 2 segments · 145 left").await;
    page.write(0, "ж").await;
    page.sees(count, "162 characters · UCS-2 · 3 segments · 39 left").await;
}

#[tokio::test]
async fn rejected_message_shows_its_reason_and_markup_is_escaped() {
    let (_deployment, page) = chatting().await;
    page.send(0, "what the fuck").await;
    page.sees(
        "document.querySelector('.card [data-state=rejected] .state')?.textContent",
        "rejected",
    )
    .await;
    let reason = page
        .value("document.querySelector('.card [data-state=rejected] .reason').textContent", &[])
        .await;
    assert!(!reason.as_str().unwrap().is_empty());
    page.bubble(0, &received("You kiss your mother with that mouth? No profanity, please.")).await;

    let markup = "<img src=x onerror=\"document.title='broken into'\"> <b>bold</b> &amp;";
    page.send(0, markup).await;
    page.bubble(0, &sent(markup)).await;
    page.bubble(1, &received(&format!("Stranger: {markup}"))).await;
    page.sees(
        "document.querySelectorAll('.bubble img, .bubble b, #log td img, #log td b').length",
        0,
    )
    .await;
    assert_eq!(page.client().title().await.unwrap(), "Message Tester");
}

#[tokio::test]
async fn file_is_sent_line_by_line_in_order() {
    let (_deployment, page) = chatting().await;
    let lines: Vec<String> = (1..=45).map(|number| format!("line {number}")).collect();
    let file = page.browser().folder().join("lines.txt");
    std::fs::write(&file, format!("{}\r\n\n  \n{}", lines[0], lines[1..].join("\n"))).unwrap();
    page.click("#bulk summary").await;
    page.sees("document.querySelector('#bulk [data-part=number]').value", ANNA).await;
    page.find("#bulk [type=file]").await.send_keys(file.to_str().unwrap()).await.unwrap();
    page.click("#bulk .primary").await;
    page.notice("Sent bulk messages").await;
    page.bubble(1, &received("Stranger: line 45")).await;
    let texts = "[...document.querySelectorAll('.card:nth-child(2) .other .text')].slice(1)
        .map(({textContent}) => textContent)";
    let expected: Vec<String> = lines.iter().map(|line| format!("Stranger: {line}")).collect();
    page.sees(texts, json!(expected)).await;
}

#[tokio::test]
async fn picture_is_sent_and_shown() {
    let (_deployment, page) = two_phones().await;
    let file = page.browser().folder().join("pixel.png");
    std::fs::write(&file, base64::engine::general_purpose::STANDARD.decode(PIXEL).unwrap())
        .unwrap();
    page.click(&Page::part(0, "[data-part=clip]")).await;
    page.find(&Page::part(0, "[data-part=file]"))
        .await
        .send_keys(file.to_str().unwrap())
        .await
        .unwrap();
    page.sees("document.querySelectorAll('.card .thumb').length", 1).await;
    page.send(0, "look").await;
    page.sees("document.querySelector('.card .own img')?.naturalWidth", 1).await;
    page.sees("document.querySelectorAll('.card .thumb').length", 0).await;
    page.sees(
        "document.querySelector('#log tbody tr:last-child [data-part=media]').textContent",
        "1 picture",
    )
    .await;
}

#[tokio::test]
async fn commands_of_the_topic_are_sent_or_begun_by_their_buttons() {
    let topics = format!("{}[topics.echo]\nhandler = \"echo\"\n", crate::flows::ROULETTE);
    let deployment = Setup::dev(&topics).embedded().start().await;
    let page = Page::open(&deployment, &[ANNA]).await;
    let buttons = "[...document.querySelectorAll('.commands button')].map((b) => b.textContent)";
    let offered = ["connect", "refresh", "disconnect", "call", "stats", "block", "report"];
    page.sees(buttons, json!(offered)).await;
    let hint = "document.querySelector('.hint').textContent";
    page.sees(
        hint,
        "Send connect: finds a stranger to chat with, once a second phone sends it too",
    )
    .await;
    page.find("#topic").await.select_by_value("echo").await.unwrap();
    page.sees(buttons, json!(["ping", "echo <text>"])).await;
    page.sees(hint, "Send ping: answers pong").await;
    page.click(&Page::part(0, ".commands button:nth-child(1)")).await;
    page.bubble(0, &received("pong")).await;
    page.click(&Page::part(0, ".commands button:nth-child(2)")).await;
    page.sees("document.querySelector('.card textarea').value", "echo ").await;
    page.press(&[Key::End]).await;
    page.send(0, "Hello!").await;
    page.bubble(0, &received("Hello!")).await;
}

#[tokio::test]
async fn page_is_usable_by_keyboard_alone() {
    let (_deployment, page) = chatting().await;
    page.reload().await;
    // The first phone has the focus from the start.
    page.client().active_element().await.unwrap().send_keys("by keys").await.unwrap();
    page.press(&[Key::Tab, Key::Enter]).await;
    page.bubble(1, &received("Stranger: by keys")).await;

    // Through the menu of the second phone: down, to its end, around it, and out again.
    page.click(&Page::part(1, "[data-part=number]")).await;
    page.press(&[Key::Tab]).await;
    let focused = "document.activeElement.textContent.trim()";
    page.sees(focused, "Fault").await;
    page.press(&[Key::Enter]).await;
    page.sees(focused, "again deliver the last message again").await;
    page.press(&[Key::Down]).await;
    page.sees(focused, "ok messages are delivered").await;
    page.press(&[Key::End]).await;
    page.sees(focused, "opted_out the recipient has opted out").await;
    page.press(&[Key::Down]).await;
    page.press(&[Key::Up]).await;
    page.sees(focused, "opted_out the recipient has opted out").await;
    page.press(&[Key::Escape]).await;
    page.sees(focused, "Fault").await;
    page.sees("document.querySelectorAll('[role=menu]:not([hidden])').length", 0).await;
}
