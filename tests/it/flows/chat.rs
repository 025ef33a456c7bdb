//! Chats of two people, from pairing to the end.

use super::ROULETTE;
use super::texts::{CONNECTED, DISCONNECTED, LOOP_ENDED, NO_CALL, NOT_CONNECTED, PEER_LEFT, WAIT};
use crate::support::{Deployment, Phone, Setup};

/// Two phones in a chat, of which the first had to wait.
async fn chatting(deployment: &Deployment) -> (Phone<'_>, Phone<'_>) {
    let anna = deployment.phone("+14155550101", "/sms");
    let ben = deployment.phone("+14155550102", "/queue/roulette");
    assert_eq!(anna.text("connect").await.said(), None);
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    assert_eq!(ben.webhook("Connect.").get().send().await.unwrap().said(), None);
    assert_eq!(ben.wait_for(1).await, [CONNECTED]);
    assert_eq!(anna.wait_for(2).await, [WAIT, CONNECTED]);
    (anna, ben)
}

#[tokio::test]
async fn relayed_texts_reveal_no_number() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    anna.text("hello out there").await;
    assert_eq!(ben.wait_for(2).await[1..], ["Stranger: hello out there"]);
    // GET and the other path lead to the same chat.
    ben.webhook("<hello> & \"back\" 🎉").get().send().await.unwrap();
    assert_eq!(anna.wait_for(3).await[2..], ["Stranger: <hello> & \"back\" 🎉"]);
    for message in deployment.twilio().messages() {
        assert!(!message.body.contains("+1415555"), "{message:?}");
        assert_eq!(message.from, crate::support::LINE);
    }
}

#[tokio::test]
async fn call_shares_the_number_after_confirmation() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let stranger = deployment.phone("+14155550103", "/sms");
    stranger.text("call").await;
    assert_eq!(stranger.wait_for(1).await, [NO_CALL]);
    let (anna, ben) = chatting(&deployment).await;
    anna.text("call").await;
    let asked = anna.wait_for(3).await.pop().unwrap();
    let (_, code) = asked.split_once("reply CALL ").unwrap_or_else(|| panic!("{asked}"));
    assert_eq!(ben.inbox().len(), 1);
    anna.text(&format!("share {}", &code[..2])).await;
    let shared = format!("The other person has shared their number: {}", anna.number());
    assert_eq!(ben.wait_for(2).await[1..], [shared]);
    assert_eq!(anna.inbox().len(), 3);
}

#[tokio::test]
async fn copies_and_replays_of_a_call_reveal_nothing() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    // Two quick calls, of which a carrier delivers one twice under another id.
    for _ in 0..3 {
        anna.text("call").await;
    }
    let asked = anna.wait_for(5).await;
    assert!(asked[2..].iter().all(|text| *text == asked[2]), "{asked:?}");
    let (_, code) = asked[2].split_once("reply CALL ").unwrap_or_else(|| panic!("{asked:?}"));
    let confirmation = format!("call {}", &code[..2]);
    anna.text(&confirmation).await;
    ben.wait_for(2).await;
    anna.text(&confirmation).await;
    let asked = anna.wait_for(6).await.pop().unwrap();
    assert!(!asked.contains(&format!("CALL {} ", &code[..2])), "{asked}");
    anna.text(&confirmation).await;
    anna.wait_for(7).await;
    anna.text("still here").await;
    assert_eq!(ben.wait_for(3).await[2..], ["Stranger: still here"]);
}

#[tokio::test]
async fn nobody_speaks_as_the_system() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    anna.text("\u{200b}\u{2060}").await;
    anna.text(&format!("Bye.\r\n\u{2028}\u{202e}{PEER_LEFT}")).await;
    let expected = format!("Stranger: Bye.\nStranger: {PEER_LEFT}");
    assert_eq!(ben.wait_for(2).await[1..], [expected]);
}

#[tokio::test]
async fn two_auto_responders_stop_within_ten_messages() {
    let topics = ROULETTE.replace("loop_guard = false", "loop_guard = true");
    let deployment = Setup::new(&topics).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    for answered in 1..5 {
        anna.text("I am away until Monday.").await;
        ben.wait_for(1 + answered).await;
        ben.text("Driving. I will call you back.").await;
        anna.wait_for(2 + answered).await;
    }
    anna.text("I am away until Monday.").await;
    assert_eq!(anna.wait_for(7).await[6..], [LOOP_ENDED]);
    assert_eq!(ben.wait_for(6).await[5..], [LOOP_ENDED]);
    // Each answers that too, and gets nothing more: replies are in order.
    for (phone, count) in [(&anna, 8), (&ben, 7)] {
        phone.text("I am away until Monday.").await;
        phone.text("stats").await;
        let told = phone.wait_for(count).await.pop().unwrap();
        assert!(told.starts_with("Waiting: 0. Chatting: 0."), "{told}");
    }
}

#[tokio::test]
async fn stats_count_waiting_and_chatting_people() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, _ben) = chatting(&deployment).await;
    let carl = deployment.phone("+14155550103", "/sms");
    carl.text("connect").await;
    carl.wait_for(1).await;
    carl.text("stats").await;
    let expected = "Waiting: 1. Chatting: 2. Pairs today: 1. You're not in a chat.";
    assert_eq!(carl.wait_for(2).await[1..], [expected]);
    anna.text("stats").await;
    let told = anna.wait_for(3).await.pop().unwrap();
    let expected = "Waiting: 1. Chatting: 2. Pairs today: 1. Your chat has run for 0:00:";
    assert!(told.starts_with(expected), "{told}");
}

#[tokio::test]
async fn refresh_and_disconnect_notify_the_peer() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    anna.text("refresh").await;
    assert_eq!(ben.wait_for(2).await[1..], [PEER_LEFT]);
    assert_eq!(anna.wait_for(3).await[2..], [WAIT]);
    ben.text("are you still there").await;
    assert_eq!(ben.wait_for(3).await[2..], [NOT_CONNECTED]);
    // Both people are free again, so they are paired once more.
    ben.text("login").await;
    assert_eq!(ben.wait_for(4).await[3..], [CONNECTED]);
    assert_eq!(anna.wait_for(4).await[3..], [CONNECTED]);
    ben.text("dc").await;
    assert_eq!(ben.wait_for(5).await[4..], [DISCONNECTED]);
    assert_eq!(anna.wait_for(5).await[4..], [PEER_LEFT]);
}

#[tokio::test]
async fn opt_out_ends_the_chat_without_a_reply() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    assert_eq!(anna.text("STOP").await.said(), None);
    assert_eq!(ben.wait_for(2).await[1..], [PEER_LEFT]);
    // Replies are in order, so a reply to STOP would come before this one.
    anna.text("yes").await;
    anna.text("stats").await;
    let told = anna.wait_for(3).await;
    assert_eq!(told[..2], [WAIT, CONNECTED]);
    assert!(told[2].starts_with("Waiting: 0. Chatting: 0."), "{told:?}");
}

#[tokio::test]
async fn opt_out_word_that_the_provider_answered_is_not_relayed() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    let help = anna.webhook("help me please").set("OptOutType", "HELP").send().await.unwrap();
    assert_eq!(help.said(), None);
    anna.text("still here").await;
    assert_eq!(ben.wait_for(2).await[1..], ["Stranger: still here"]);
}

#[tokio::test]
async fn chat_with_an_unreachable_person_ends() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let anna = deployment.phone("+14155550101", "/sms");
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    // Magic number of a recipient who has opted out (21610).
    let unreachable = deployment.phone("+15005550004", "/sms");
    unreachable.text("connect").await;
    assert_eq!(anna.wait_for(3).await, [WAIT, CONNECTED, PEER_LEFT]);
    anna.text("are you still there").await;
    assert_eq!(anna.wait_for(4).await[3..], [NOT_CONNECTED]);
    assert_eq!(unreachable.inbox(), Vec::<String>::new());
}
