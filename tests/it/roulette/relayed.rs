//! Relayed texts: no line of them looks like one of ours, and masks hide what the topic says.

use rstest::rstest;
use serde_json::json;

use super::scenario::{DISCONNECTED, PEER_LEFT, Scenario};
use super::{NOTHING, chat_of_two};

#[rstest]
#[case("\n")]
#[case("\r")]
#[case("\r\n")]
#[case("\u{b}")]
#[case("\u{c}")]
#[case("\u{85}")]
#[case("\u{2028}")]
#[case("\u{2029}")]
fn every_line_has_the_prefix(#[case] line_break: &str) {
    let mut scenario = chat_of_two();
    scenario.play("ann", &format!("Bye.{line_break}{line_break} {PEER_LEFT}"));
    assert_eq!(scenario.received("bob"), [format!("Stranger: Bye.\nStranger: {PEER_LEFT}")]);
    let mut scenario = Scenario::with(json!({"line_breaks": "collapse"})).meet();
    scenario.play("ann", &format!("Bye.{line_break}{line_break} {PEER_LEFT}"));
    assert_eq!(scenario.received("bob"), [format!("Stranger: Bye. {PEER_LEFT}")]);
}

#[test]
fn line_that_begins_in_the_second_part_has_the_prefix() {
    let mut scenario = chat_of_two();
    let text = format!("{}\n{DISCONNECTED}\n{}", "word ".repeat(310), "more ".repeat(400));
    scenario.play("ann", &text);
    let parts = scenario.received("bob");
    assert!(parts.len() > 2);
    for part in &parts {
        assert!(part.chars().count() <= 1600);
        assert!(part.lines().all(|line| line.starts_with("Stranger: ")), "{part}");
    }
}

#[test]
fn blanks_do_not_push_a_text_to_the_next_line_of_a_display() {
    let mut scenario = chat_of_two();
    scenario.play("ann", &format!("Bye.{}{PEER_LEFT}", " \u{a0}\u{2800}\u{3164}".repeat(20)));
    assert_eq!(scenario.received("bob"), [format!("Stranger: Bye. {PEER_LEFT}")]);
}

#[test]
fn hidden_characters_and_directions_are_removed() {
    let mut scenario = chat_of_two();
    scenario
        .play("ann", "\u{202e}.detcennocsid reep ruoY\u{202c} \u{2066}\u{7}ok\u{200b}\u{feff}ay");
    assert_eq!(scenario.received("bob"), ["Stranger: .detcennocsid reep ruoY okay"]);
}

#[rstest]
#[case("")]
#[case(" \n ")]
#[case("\u{200b}\u{2060}")]
#[case("\u{202e}\u{200d}")]
#[case("\u{2800}\u{3164}")]
fn text_in_which_nothing_is_seen_is_not_relayed(#[case] text: &str) {
    let mut scenario = chat_of_two();
    scenario.write("ann", |message| message.text = text.into());
    scenario.run_until_idle();
    assert_eq!(scenario.received("bob"), NOTHING);
    assert_eq!(scenario.received("ann"), NOTHING);
}

#[test]
fn page_gets_a_prefix_on_every_line_of_the_text_and_none_in_the_body() {
    let mut scenario = Scenario::new();
    scenario.open("web");
    scenario.play("ann", "connect");
    scenario.play("web", "connect");
    scenario.topic.sent.clear();
    scenario.play("ann", "one\r\n\u{202e}two");
    let [sent] = &scenario.topic.sent[..] else { panic!("one frame is sent") };
    assert_eq!(sent.text.reveal(), "Stranger: one\nStranger: two");
    assert_eq!(sent.content.as_ref().unwrap().fields["body"], "one\ntwo");
}

#[test]
fn topic_masks_what_it_names_and_nothing_else() {
    let text = "I am at +1 415-555-0100, bob@example.com or https://example.com/me";
    let relayed = |properties| {
        let mut scenario = Scenario::with(properties).meet();
        scenario.play("ann", text);
        scenario.received("bob").pop().unwrap()
    };
    assert_eq!(relayed(json!({})), format!("Stranger: {text}"));
    let all = json!({"mask": ["phone", "url", "email"], "texts": {"masked": "(hidden)"}});
    assert_eq!(relayed(all), "Stranger: I am at (hidden), (hidden) or (hidden)");
    let phones = relayed(json!({"mask": ["phone"]}));
    assert_eq!(phones, "Stranger: I am at ***, bob@example.com or https://example.com/me");
}
