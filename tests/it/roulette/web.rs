//! People with a page and people with a phone in one lobby.

use std::time::Duration;

use crosswire::model::message::{Media, Parameters};
use rstest::rstest;
use serde_json::{Value, json};

use super::scenario::{
    CONNECTED, DISCONNECTED, NO_NUMBER, NO_PEER, PEER_LEFT, Scenario, WAIT, person,
};

const NOTHING: [&str; 0] = [];

/// Returns a scenario in which Ann with a phone and Web with a page are in a chat, the texts so far
/// discarded, and the number of the page's socket.
fn mixed_pair() -> (Scenario, u32) {
    let mut scenario = Scenario::new();
    let socket = scenario.open("web");
    scenario.play("ann", "connect");
    scenario.play("web", "connect");
    scenario.topic.sent.clear();
    (scenario, socket)
}

/// Returns and removes the fields of the frames for a person with a page.
fn fields(scenario: &mut Scenario, name: &str) -> Vec<Value> {
    let to = person(name);
    let (theirs, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut scenario.topic.sent).into_iter().partition(|sent| sent.to == to);
    scenario.topic.sent = others;
    theirs
        .into_iter()
        .map(|message| (message.text, message.content.unwrap_or_default()))
        // The effects of a connection are for the web process.
        .filter(|(_, content)| content.effect.is_none())
        .map(|(text, content)| {
            assert_eq!(content.kind(), "message");
            let mut fields = Value::Object(content.fields);
            fields["text"] = text.reveal().into();
            fields
        })
        .collect()
}

#[test]
fn page_and_phone_are_paired_and_get_the_same_texts() {
    let mut scenario = Scenario::new();
    scenario.open("web");
    scenario.play("web", "connect");
    assert_eq!(fields(&mut scenario, "web"), [json!({"event": "waiting", "text": WAIT})]);
    scenario.play("ann", "connect");
    assert!(scenario.are_paired("ann", "web"));
    assert_eq!(scenario.received("ann"), [CONNECTED]);
    assert_eq!(fields(&mut scenario, "web"), [json!({"event": "connected", "text": CONNECTED})]);
    scenario.play("web", "hello");
    assert_eq!(scenario.received("ann"), ["Stranger: hello"]);
    scenario.play("ann", "hi");
    let relayed = json!({"from": "stranger", "body": "hi", "text": "Stranger: hi"});
    assert_eq!(fields(&mut scenario, "web"), [relayed]);
    scenario.play("ann", "dc");
    assert_eq!(
        fields(&mut scenario, "web"),
        [json!({"event": "peer_disconnected", "text": PEER_LEFT})]
    );
    scenario.play("web", "dc");
    assert_eq!(
        fields(&mut scenario, "web"),
        [json!({"event": "disconnected", "text": DISCONNECTED})]
    );
}

#[test]
fn page_has_no_number_to_share_and_its_partner_gets_no_notice_of_that() {
    let (mut scenario, _) = mixed_pair();
    scenario.play("web", "call");
    scenario.play("web", "call");
    assert_eq!(scenario.received("web"), [NO_NUMBER, NO_NUMBER]);
    assert_eq!(scenario.received("ann"), NOTHING);
}

#[test]
fn phone_shares_its_number_with_a_page_as_with_a_phone() {
    let (mut scenario, _) = mixed_pair();
    scenario.play("ann", "call");
    let code = scenario.question("ann");
    assert_eq!(scenario.received("web"), NOTHING);
    scenario.play("ann", &format!("call {code}"));
    assert_eq!(scenario.received("ann"), NOTHING);
    let shared = "The other person has shared their number: +1-ann";
    assert_eq!(scenario.received("web"), [shared]);
}

#[rstest]
#[case("", &["(a picture, which cannot be shown here)"])]
#[case("look", &["look", "(a picture, which cannot be shown here)"])]
fn picture_comes_to_a_page_as_a_text_without_its_address(
    #[case] text: &str,
    #[case] bodies: &[&str],
) {
    let (mut scenario, _) = mixed_pair();
    scenario.write("ann", |message| {
        message.text = text.into();
        message.media = vec![Media::new("https://e.example/a", "image/png")];
    });
    scenario.run_until_idle();
    assert!(scenario.topic.sent.iter().all(|sent| sent.media.is_empty()));
    assert_eq!(scenario.received("ann"), NOTHING);
    let fields = fields(&mut scenario, "web");
    let relayed: Vec<&str> = fields.iter().map(|fields| fields["body"].as_str().unwrap()).collect();
    assert_eq!(relayed, bodies);
}

#[test]
fn long_text_comes_to_a_page_in_one_piece() {
    let (mut scenario, _) = mixed_pair();
    let text = "six of ".repeat(400);
    scenario.play("ann", &text);
    let fields = fields(&mut scenario, "web");
    assert_eq!((fields.len(), fields[0]["body"].as_str()), (1, Some(text.trim_end())));
}

#[test]
fn signal_of_a_page_is_not_relayed() {
    let (mut scenario, _) = mixed_pair();
    scenario.write("web", |message| {
        message.parameters = Parameters(vec![("type".to_owned(), "typing".to_owned())]);
    });
    scenario.run_until_idle();
    assert!(scenario.topic.sent.is_empty());
}

#[test]
fn chat_ends_thirty_seconds_after_the_page_was_closed() {
    let (mut scenario, socket) = mixed_pair();
    scenario.close("web", socket);
    scenario.run_until_idle();
    scenario.wait(Duration::from_millis(29_999));
    scenario.run_until_idle();
    assert_eq!(scenario.received("ann"), NOTHING);
    scenario.wait(Duration::from_millis(1));
    scenario.run_until_idle();
    assert_eq!(scenario.received("ann"), [PEER_LEFT]);
    scenario.play("ann", "hello?");
    assert_eq!(scenario.received("ann"), [NO_PEER]);
    scenario.open("web");
    scenario.run_until_idle();
    let ended = json!({"event": "disconnected", "text": ""});
    assert_eq!(fields(&mut scenario, "web"), [ended]);
}

#[test]
fn page_that_is_back_in_time_keeps_its_chat_and_is_shown_its_state() {
    let (mut scenario, first) = mixed_pair();
    scenario.close("web", first);
    scenario.run_until_idle();
    scenario.wait(Duration::from_secs(20));
    let second = scenario.open("web");
    scenario.run_until_idle();
    assert_eq!(fields(&mut scenario, "web"), [json!({"event": "connected", "text": ""})]);
    // The end of the first absence, 30 s after its beginning, is no end of the second one.
    scenario.close("web", second);
    scenario.run_until_idle();
    scenario.wait(Duration::from_millis(29_999));
    scenario.run_until_idle();
    assert!(scenario.are_paired("ann", "web"));
    scenario.wait(Duration::from_millis(1));
    scenario.run_until_idle();
    assert_eq!(scenario.received("ann"), [PEER_LEFT]);
}

#[test]
fn waiting_person_leaves_the_pool_thirty_seconds_after_the_page_was_closed() {
    let mut scenario = Scenario::new();
    let socket = scenario.open("web");
    scenario.play("web", "connect");
    scenario.close("web", socket);
    scenario.run_until_idle();
    assert_eq!(scenario.topic.memory().pool("waiting").len(), 1);
    scenario.wait(Duration::from_secs(30));
    scenario.run_until_idle();
    assert!(scenario.topic.memory().pool("waiting").is_empty());
    scenario.play("ann", "connect");
    assert_eq!(scenario.received("ann"), [WAIT]);
}

#[test]
fn chat_ends_at_once_when_the_loss_of_a_web_process_is_noticed() {
    let (mut scenario, _) = mixed_pair();
    scenario.topic.lose_process("web-1");
    scenario.run_until_idle();
    assert_eq!(scenario.received("ann"), [PEER_LEFT]);
}

#[test]
fn wait_that_begins_after_the_page_was_closed_ends_likewise() {
    let mut scenario = Scenario::new();
    let socket = scenario.open("web");
    scenario.close("web", socket);
    scenario.run_until_idle();
    scenario.play("web", "connect");
    assert!(scenario.plays("web"));
    scenario.wait(Duration::from_secs(30));
    scenario.run_until_idle();
    assert!(!scenario.plays("web"));
}

#[test]
fn page_that_has_not_played_gets_no_state_and_leaves_no_absence() {
    let mut scenario = Scenario::new();
    let socket = scenario.open("web");
    scenario.close("web", socket);
    scenario.run_until_idle();
    assert!(fields(&mut scenario, "web").is_empty());
    assert!(scenario.topic.memory().values().all(|(key, _)| key.starts_with("session:")));
}
