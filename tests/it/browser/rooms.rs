//! Rooms in real browsers: whole lives, and what people may do in them.

use fantoccini::key::Key;
use serde_json::json;

use super::accessibility::assert_accessible;
use super::layout::assert_fits;
use super::rooms_guest::Guest;
use super::text;
use crate::support::{Deployment, Live, Setup};

const PHONE: &str = "+14155550103";

/// Starts a development process with rooms of this lifetime.
pub(super) async fn rooms(lifetime: &str) -> Deployment {
    let topics = format!(
        r#"
        [topics.rooms]
        handler = "rooms"
        transport = "websocket"
        accept_response = ""
        [topics.rooms.properties]
        lifetime = "{lifetime}"
        warnings = []
        "#
    );
    Setup::dev(&topics).embedded().start().await
}

/// Two people in a room: the creator and a guest.
pub(super) async fn two_people(deployment: &Deployment) -> (Guest, Guest) {
    let ann = Guest::create(deployment, "Ann").await;
    let ben = Guest::join(&ann.link().await, "Ben").await;
    ann.meets(&["Ann", "Ben"]).await;
    ben.meets(&["Ann", "Ben"]).await;
    (ann, ben)
}

#[tokio::test]
async fn room_lives_from_its_creation_to_its_end_for_two_browsers_and_a_phone() {
    let deployment = rooms("40s").await;
    let mut phone = Live::open(&deployment, None).await;
    phone.until_ready().await;
    let (ann, ben) = two_people(&deployment).await;
    ann.is_told("Ben joined.").await;
    ann.say("Hello Ben, do you know XML?").await;
    let hello = "Hello Ben, do you know ";
    let said = "document.querySelector('#log .other .text')?.textContent ?? ''";
    let heard = ben.until(said, &[], |text| text.as_str().unwrap().starts_with(hello)).await;
    assert!(!heard.as_str().unwrap().contains("XML"), "{heard}");

    let code = ann.value("document.querySelector('#invite kbd').textContent", &[]).await;
    text(&deployment, "rooms", PHONE, &format!("join {} as Carl", code.as_str().unwrap())).await;
    ann.meets(&["Ann", "Ben", "Carl"]).await;
    text(&deployment, "rooms", PHONE, "Greetings from a phone").await;
    ben.until("document.querySelector('#log').textContent", &[], |log| {
        log.as_str().unwrap().contains("Greetings from a phone")
    })
    .await;
    ben.say("Hi Carl").await;
    phone.until_arrived(PHONE, "Ben: Hi Carl").await;

    // In two steps, since a test waits for 20 s at the most.
    let is_late = |left: &serde_json::Value| left.as_str().unwrap() < "00:22";
    ann.until("document.getElementById('timer').textContent", &[], is_late).await;
    ann.sees("document.getElementById('timer').dataset.look", "last").await;
    for guest in [&ann, &ben] {
        guest.is_out("The room has closed").await;
        guest.sees("document.getElementById('composer').checkVisibility()", false).await;
        guest.sees("sessionStorage.getItem('crosswire.rooms.log')", json!(null)).await;
        guest.sees("sessionStorage.getItem('crosswire.rooms.token')", json!(null)).await;
    }
}

#[tokio::test]
async fn link_of_a_closed_room_and_a_forged_link_are_refused() {
    let deployment = rooms("12s").await;
    let ann = Guest::create(&deployment, "Ann").await;
    let link = ann.link().await;
    ann.is_out("The room has closed").await;
    let forged = format!("{}x", &link[..link.len() - 1]);
    for link in [link, forged] {
        let late = Guest::open(&link).await;
        late.find("#start button").await.click().await.unwrap();
        late.is_out("This link is not valid").await;
        late.sees("document.getElementById('again').hidden", true).await;
    }
}

#[tokio::test]
async fn names_and_texts_with_markup_or_bidirectional_controls_stay_text() {
    let deployment = rooms("10m").await;
    let (ann, ben) = two_people(&deployment).await;
    let markup =
        "<img src=x onerror=\"document.title='broken into'\"><b>bold</b> &amp; \u{202e}abc";
    ben.say(markup).await;
    ann.until("document.querySelector('#log .other .text')?.textContent ?? ''", &[], |text| {
        text.as_str().unwrap().starts_with("<img src=x")
    })
    .await;
    ben.say("/name <i>Ben").await;
    ann.until("document.querySelector('#people li:nth-child(2) bdi').textContent", &[], |name| {
        name.as_str().unwrap().contains("<i>")
    })
    .await;
    ann.sees("document.querySelectorAll('main img, main b, main i').length", 0).await;
    assert_eq!(ann.client().title().await.unwrap(), "10 Minute Chat");
}

#[tokio::test]
async fn creator_mutes_removes_locks_and_extends_from_the_page() {
    let deployment = rooms("10m").await;
    let (ann, ben) = two_people(&deployment).await;
    let link = ann.link().await;
    ben.sees("document.querySelectorAll('.more').length", 0).await;
    ben.sees("document.querySelector('[data-needs=lock]').checkVisibility()", false).await;

    ann.click(".more").await;
    ann.click(".actions button:nth-child(1)").await;
    ben.is_told("You are muted: your texts do not reach the room.").await;
    ann.click(".more").await;
    ann.click(".actions button:nth-child(2)").await;
    ben.is_told("You can write again.").await;

    ann.click("[data-command='/extend']").await;
    let minutes = |text: &serde_json::Value| text.as_str().unwrap() > "15:00";
    ben.until("document.getElementById('timer').textContent", &[], minutes).await;
    ann.click("[data-command='/lock']").await;
    ann.sees("document.querySelector(\"[data-command='/unlock']\").checkVisibility()", true).await;
    let late = Guest::open(&link).await;
    late.find("#start button").await.click().await.unwrap();
    late.is_out("The room is locked").await;
    ann.click("[data-command='/unlock']").await;
    ann.sees("document.querySelector(\"[data-command='/lock']\").checkVisibility()", true).await;
    late.click("#again").await;
    late.is_inside().await;

    ann.click(".more").await;
    ann.click(".actions button:nth-child(3)").await;
    ben.is_out("You are out").await;
    ann.until(
        "[...document.querySelectorAll('#people li bdi')].map((name) => name.textContent)",
        &[],
        |names| names.as_array().unwrap().len() == 2,
    )
    .await;
}

#[tokio::test]
async fn room_is_usable_by_keyboard_accessible_and_fits_every_window() {
    let deployment = rooms("10m").await;
    let (ann, ben) = two_people(&deployment).await;
    ann.say("Good evening").await;
    ben.say(&"w".repeat(300)).await;
    ann.sees("document.querySelectorAll('#log .bubble').length", 2).await;
    // The field has the focus; the list of people is behind the button for sending.
    ann.press(&[Key::Tab, Key::Tab]).await;
    ann.sees("document.activeElement.closest('details')?.id", "people").await;
    ann.press(&[Key::Tab]).await;
    ann.sees("document.activeElement.getAttribute('aria-label')", "Actions for Ben").await;
    ann.press(&[Key::Enter]).await;
    ann.press(&[Key::Tab]).await;
    ann.sees("document.activeElement.textContent", "Mute").await;
    ann.press(&[Key::Escape]).await;
    ann.sees("document.activeElement.getAttribute('aria-expanded')", "false").await;
    for guest in [&ann, &ben] {
        for width in [320, 640, 1280] {
            guest.resize(width, 740, 1.0).await;
            assert_fits(guest, &format!("the room of {width}")).await;
            assert_accessible(guest, &format!("the room of {width}")).await;
        }
    }
    ann.picture("room-desk").await;
    ben.resize(360, 740, 2.0).await;
    ben.picture("room-phone").await;
    ben.click("#people summary").await;
    ben.click("#leave").await;
    ben.is_out("You have left").await;
    assert_accessible(&ben, "the end").await;
    ann.is_told("Ben left.").await;
}
