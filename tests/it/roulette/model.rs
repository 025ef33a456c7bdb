//! Model of the texts that roulette sends, given the seats before and after a commit.

use crosswire::model::address::{Address, Group};
use crosswire::model::message::Mail;
use crosswire::model::state::Check;

use super::scenario::{
    ALREADY, BLOCKED, CONFIRM, CONNECTED, DISCONNECTED, NO_NUMBER, NO_PEER, NOT_IN_CHAT, PEER_LEFT,
    Seat, Seats, State, WAIT,
};
use crate::support::memory_topic::Completed;

/// Recipient and text.
type Delivery = (String, String);

/// Checks the texts that a mail sent against the seats at the time of its commit.
pub(crate) fn check_texts(before: &Seats, after: &Seats, completed: &Completed) {
    let mut sent: Vec<Delivery> = completed
        .effects
        .sends
        .iter()
        .map(|message| text_to(&message.to, message.text.reveal()))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let mut expected = match &completed.mail {
        Mail::Connection(_) => expected_farewell(before, after, &completed.group),
        Mail::Wake(wake) if wake.name != "pair" => {
            expected_farewell(before, after, &completed.group)
        }
        Mail::Wake(_) => expected_lobby_texts(before, after, &completed.effects.checks),
        Mail::Submission(_) | Mail::Cancellation(_) | Mail::Chunk(_) => Vec::new(),
        Mail::Message(message) => {
            let own = before.get(&completed.group).map_or(&State::Idle, |seat| &seat.state);
            let Some(words) = expected_texts(own, &message.sender, message.text.reveal(), &sent)
            else {
                return;
            };
            words
        }
    };
    sent.sort();
    expected.sort();
    assert_eq!(sent, expected);
}

/// Returns the expected texts, or `None` for a message that is not modelled here.
fn expected_texts(
    own: &State,
    sender: &Address,
    text: &str,
    sent: &[Delivery],
) -> Option<Vec<Delivery>> {
    let to_sender = |text: &str| vec![text_to(sender, text)];
    let partner = match own {
        State::Chatting { address, .. } => Some(address),
        _ => None,
    };
    let farewell = partner.map(|partner| text_to(partner, PEER_LEFT));
    Some(match (text, own) {
        ("connect", State::Chatting { .. }) => to_sender(ALREADY),
        ("connect" | "refresh", State::Waiting { notified: true }) => to_sender(WAIT),
        ("connect" | "refresh", State::Waiting { notified: false } | State::Idle) => Vec::new(),
        // A client of a socket just closes it: there STOP is a word like any other.
        ("stop", _) if sender.is_socket() => expected_relay(sender, partner, text),
        ("refresh" | "stop", _) => farewell.into_iter().collect(),
        ("disconnect", _) => to_sender(DISCONNECTED).into_iter().chain(farewell).collect(),
        ("call", State::Chatting { .. }) if sender.is_socket() => to_sender(NO_NUMBER),
        ("call", State::Chatting { address, .. }) => {
            let shared =
                format!("The other person has shared their number: {}", sender.identity.reveal());
            let shared = vec![text_to(address, &shared)];
            if sent == shared { shared } else { to_sender(CONFIRM) }
        }
        ("call", _) => to_sender(NOT_IN_CHAT),
        ("hello", _) => expected_relay(sender, partner, text),
        ("block", State::Chatting { .. }) => {
            to_sender(BLOCKED).into_iter().chain(farewell).collect()
        }
        _ => return None,
    })
}

fn expected_relay(sender: &Address, partner: Option<&Address>, text: &str) -> Vec<Delivery> {
    let (to, text) = match partner {
        Some(partner) => (partner, format!("Stranger: {text}")),
        None => (sender, NO_PEER.to_owned()),
    };
    vec![text_to(to, &text)]
}

/// Returns the text to the partner of a person whose absence ended their chat.
fn expected_farewell(before: &Seats, after: &Seats, group: &Group) -> Vec<Delivery> {
    match (before.get(group), after.get(group)) {
        (Some(Seat { state: State::Chatting { address, .. }, .. }), Some(after)) => {
            let has_left = matches!(after.state, State::Idle);
            has_left.then(|| text_to(address, PEER_LEFT)).into_iter().collect()
        }
        _ => Vec::new(),
    }
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

fn text_to(to: &Address, text: &str) -> Delivery {
    (to.identity.reveal().to_owned(), text.to_owned())
}
