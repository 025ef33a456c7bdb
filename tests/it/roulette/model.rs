//! Model of the texts that roulette sends, given the seats before and after a commit.

use chrono::{DateTime, Utc};
use crosswire::model::address::{Address, Group};
use crosswire::model::message::Mail;
use crosswire::model::state::Check;

use super::scenario::{
    ALREADY, BLOCKED, CHAT_OVER, CONNECTED, DISCONNECTED, IDLE_ENDED, LOOP_ENDED, NO_NUMBER,
    NO_PEER, NOT_IN_CHAT, NOT_THERE, NUDGE, PEER_LEFT, Seat, Seats, State, WAIT, code,
};
use crate::support::memory_topic::Completed;

/// Recipient and text.
type Delivery = (String, String);

/// Checks the texts that a mail sent against the seats at the time of its commit.
pub(crate) fn check_texts(
    before: &Seats,
    after: &Seats,
    completed: &Completed,
    now: DateTime<Utc>,
) {
    let mut sent: Vec<Delivery> = completed
        .effects
        .sends
        .iter()
        .map(|message| text_to(&message.to, without_summary(message.text.reveal())))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let mut expected = match &completed.mail {
        Mail::Connection(_) => expected_farewell(before, after, &completed.group),
        Mail::Wake(wake) if ["wait", "chat"].contains(&wake.name.as_str()) => {
            let is_over = sent.iter().any(|(_, text)| text == CHAT_OVER);
            let end = if is_over { CHAT_OVER } else { IDLE_ENDED };
            expected_of_time(before, after, &completed.group, end)
        }
        Mail::Wake(wake) if wake.name != "pair" => {
            expected_farewell(before, after, &completed.group)
        }
        Mail::Wake(_) => expected_lobby_texts(before, after, &completed.effects.checks),
        Mail::Submission(_) | Mail::Cancellation(_) | Mail::Chunk(_) => Vec::new(),
        Mail::Message(message) => {
            let own = before.get(&completed.group);
            let (sender, text) = (&message.sender, message.text.reveal());
            let ended = expected_end(own, after.get(&completed.group), LOOP_ENDED);
            match expected_texts(own, sender, text, &sent, now) {
                None => return,
                // The end of a loop, and not the relayed text.
                Some(words) if words.iter().any(|(_, text)| text.starts_with("Stranger: ")) => {
                    if ended.is_empty() {
                        words
                    } else {
                        ended
                    }
                }
                Some(words) => words,
            }
        }
    };
    sent.sort();
    expected.sort();
    assert_eq!(sent, expected);
}

/// Returns the expected texts, or `None` for a message that is not modelled here.
fn expected_texts(
    seat: Option<&Seat>,
    sender: &Address,
    text: &str,
    texts: &[Delivery],
    now: DateTime<Utc>,
) -> Option<Vec<Delivery>> {
    let own = seat.map_or(&State::Idle, |seat| &seat.state);
    let is_quiet = seat.and_then(|seat| seat.quiet_until).is_some_and(|until| now < until);
    let relay = |partner| match partner {
        None if is_quiet => Vec::new(),
        _ => expected_relay(sender, partner, text),
    };
    let to_sender = |text: &str| vec![text_to(sender, text)];
    let partner = match own {
        State::Chatting { address, .. } => Some(address),
        _ => None,
    };
    let farewell = partner.map(|partner| text_to(partner, PEER_LEFT));
    if texts.iter().any(|(_, text)| text.starts_with("A stranger has reported you.")) {
        return None;
    }
    Some(match (text, own) {
        ("connect", State::Chatting { .. }) => to_sender(ALREADY),
        ("connect" | "refresh" | "wait", State::Waiting { notified: true }) => to_sender(WAIT),
        ("connect" | "refresh" | "wait", State::Waiting { .. })
        | ("connect" | "refresh", State::Idle) => Vec::new(),
        // A client of a socket just closes it: there STOP is a word like any other.
        ("stop", _) if sender.is_socket() => relay(partner),
        ("wait", State::Idle) if seat.is_some_and(|seat| seat.may_wait) => Vec::new(),
        ("refresh" | "stop", _) => farewell.into_iter().collect(),
        ("disconnect", _) => to_sender(DISCONNECTED).into_iter().chain(farewell).collect(),
        ("call" | "call 10", State::Chatting { .. }) if sender.is_socket() => to_sender(NO_NUMBER),
        ("call" | "call 10", State::Chatting { address, .. }) => {
            expected_of_call(sender, address, text, texts)
        }
        ("call" | "call 10", _) => to_sender(NOT_IN_CHAT),
        ("hello" | "wait", _) => relay(partner),
        ("block", State::Chatting { .. }) => {
            to_sender(BLOCKED).into_iter().chain(farewell).collect()
        }
        _ => return None,
    })
}

/// Returns the question, or the number when the text has the code.
fn expected_of_call(
    sender: &Address,
    partner: &Address,
    text: &str,
    texts: &[Delivery],
) -> Vec<Delivery> {
    let [(_, question)] = texts else { panic!("one text is sent: {texts:?}") };
    if code(question).is_some() {
        return vec![text_to(sender, question)];
    }
    assert_ne!(text, "call", "a number is shared without a code");
    let number = sender.identity.reveal();
    vec![text_to(partner, &format!("The other person has shared their number: {number}"))]
}

fn expected_relay(sender: &Address, partner: Option<&Address>, text: &str) -> Vec<Delivery> {
    let (to, text) = match partner {
        Some(partner) => (partner, format!("Stranger: {text}")),
        None => (sender, NO_PEER.to_owned()),
    };
    vec![text_to(to, &text)]
}

/// Returns the texts to a person whose wait has ended by its time, or to both sides of a chat that was
/// nudged or ended.
fn expected_of_time(before: &Seats, after: &Seats, group: &Group, end: &str) -> Vec<Delivery> {
    let (own, now) = (before.get(group), after.get(group));
    match (own, now.map(|seat| &seat.state)) {
        (Some(Seat { state: State::Waiting { .. }, address, .. }), Some(State::Idle)) => {
            vec![text_to(address, NOT_THERE)]
        }
        (
            Some(Seat { state: State::Chatting { nudged: false, .. }, address, .. }),
            Some(State::Chatting { nudged: true, address: partner, .. }),
        ) => vec![text_to(address, NUDGE), text_to(partner, NUDGE)],
        _ => expected_end(own, now, end),
    }
}

/// Returns the text to both sides of a chat that neither has left, if it has ended.
fn expected_end(own: Option<&Seat>, now: Option<&Seat>, text: &str) -> Vec<Delivery> {
    match (own, now) {
        (
            Some(Seat { state: State::Chatting { address: partner, .. }, address, .. }),
            Some(Seat { state: State::Idle, .. }),
        ) => vec![text_to(address, text), text_to(partner, text)],
        _ => Vec::new(),
    }
}

/// Returns the texts about the end of a chat by an absence or an operator. A person who was barred in the
/// shadow is told that the other one has left.
fn expected_farewell(before: &Seats, after: &Seats, group: &Group) -> Vec<Delivery> {
    let Some(Seat { state: State::Chatting { address, .. }, address: own, .. }) = before.get(group)
    else {
        return Vec::new();
    };
    let after = after.get(group);
    let has_left = after.is_none_or(|after| matches!(after.state, State::Idle));
    let is_hidden = after.is_some_and(|after| after.shadowed);
    let told = has_left.then_some(address).into_iter().chain(is_hidden.then_some(own));
    told.map(|to| text_to(to, PEER_LEFT)).collect()
}

fn expected_lobby_texts(before: &Seats, after: &Seats, checks: &[Check]) -> Vec<Delivery> {
    // The lobby could only choose people whom it read.
    let waits_on = |check: &Check| match check {
        Check::Member { member, .. } => {
            after.get(&member.group).is_some_and(|seat| matches!(seat.state, State::Waiting { .. }))
        }
        Check::Value { .. } => false,
    };
    let mut expected = Vec::new();
    for (group, seat) in after {
        let was = before.get(group).map(|seat| &seat.state);
        match (was, &seat.state) {
            (Some(State::Waiting { notified: false }), State::Waiting { notified: true }) => {
                expected.push(text_to(&seat.address, WAIT));
            }
            (Some(State::Waiting { .. }), State::Chatting { with, .. }) => {
                expected.push(text_to(&seat.address, CONNECTED));
                let nobody_blocks = after.values().all(|seat| seat.blocked.is_empty());
                if nobody_blocks && before[group].last_partner.as_ref() == Some(with) {
                    let are_alone = !checks.iter().any(waits_on);
                    assert!(are_alone, "last partners were paired while another person waited");
                }
            }
            _ => {}
        }
    }
    expected
}

/// Returns a text without the summary of a chat behind it.
fn without_summary(text: &str) -> &str {
    text.split("Your chat lasted").next().unwrap_or_default().trim_end()
}

fn text_to(to: &Address, text: &str) -> Delivery {
    (to.identity.reveal().to_owned(), text.to_owned())
}
