//! An evening of roulette in a town: after every commit the house rules are checked, and whether
//! exactly the right people were told the right thing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crosswire::handlers::roulette::Roulette;
use crosswire::model::address::{Address, Group};
use crosswire::model::message::{Incoming, Mail, MessageId};
use crosswire::model::state::Check;
use serde::Deserialize;

use crate::support::town::{Completed, Town};

pub(crate) const WAIT: &str = "Please wait, you will be connected to a random person...";
pub(crate) const CONNECTED: &str = "You're now connected to a random stranger!";
pub(crate) const ALREADY: &str =
    "You're connected to a stranger already. Send REFRESH to find another one.";
pub(crate) const DISCONNECTED: &str =
    "You've been disconnected and will no longer receive messages.";
pub(crate) const PEER_LEFT: &str = "Your peer disconnected.";
pub(crate) const NOT_IN_CHAT: &str = "Error: You haven't connected to anyone yet.";
pub(crate) const CONFIRM: &str =
    "This shows the stranger your number. To share it, reply CALL again within 2 minutes.";
pub(crate) const NO_PEER: &str =
    "Error: not connected, or your earlier peer disconnected. Refresh to chat again!";

/// A seat as it is stored; written down here once more, so that its form cannot change unnoticed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seat {
    pub(crate) address: Address,
    pub(crate) state: State,
    pub(crate) last_partner: Option<Group>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Idle,
    Waiting { told: bool },
    Chatting { id: String, with: Group, address: Address },
}

type Seats = BTreeMap<Group, Seat>;
type Said = (String, String);

pub(crate) struct Evening {
    pub(crate) town: Town,
}

impl Evening {
    pub(crate) fn new() -> Self {
        Self { town: Town::new(Roulette::default()) }
    }

    pub(crate) fn say(&mut self, who: &str, text: &str) {
        self.town.say(&person(who), text);
    }

    /// Says it, and lets everything come to rest.
    pub(crate) fn play(&mut self, who: &str, text: &str) {
        self.say(who, text);
        self.rest();
    }

    /// Says these one after another, each until everything but one mailbox is at rest.
    pub(crate) fn play_others(&mut self, lines: &[(&str, &str)], but: &Group) {
        for (who, text) in lines {
            self.say(who, text);
            while let Some(group) = self.town.busy().into_iter().find(|group| group != but) {
                self.step(&group);
            }
        }
    }

    pub(crate) fn write(&mut self, who: &str, change: impl FnOnce(&mut Incoming)) {
        let mut incoming = Incoming::new(MessageId::new(""), person(who), "");
        change(&mut incoming);
        self.town.write(incoming);
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.town.memory().now += time;
    }

    /// Handles one message of this mailbox from beginning to end.
    pub(crate) fn step(&mut self, group: &Group) {
        self.town.begin(group);
        self.commit(group);
    }

    pub(crate) fn commit(&mut self, group: &Group) {
        let before = self.seats();
        if let Some(completed) = self.town.commit(group) {
            let after = self.seats();
            self.check_seats(&after);
            check_words(&before, &after, &completed);
        }
    }

    /// Handles everything that there is to handle, and checks that nobody waits who need not.
    pub(crate) fn rest(&mut self) {
        while let Some(group) = self.town.busy().first() {
            self.step(group);
        }
        let seats = self.seats();
        let told: Vec<bool> = seats
            .values()
            .filter_map(|seat| match seat.state {
                State::Waiting { told } => Some(told),
                _ => None,
            })
            .collect();
        assert!(told.len() <= 1, "{} people wait for each other", told.len());
        assert!(told.iter().all(|told| *told), "somebody waits and was never told so");
    }

    /// What this person was sent since they were last asked.
    pub(crate) fn heard(&mut self, who: &str) -> Vec<String> {
        let address = person(who);
        let (theirs, others) =
            std::mem::take(&mut self.town.sent).into_iter().partition(|owed| owed.to == address);
        self.town.sent = others;
        let theirs: Vec<crosswire::contracts::handler::OutgoingMessage> = theirs;
        theirs.into_iter().map(|owed| owed.text.reveal().to_owned()).collect()
    }

    pub(crate) fn partner(&self, who: &str) -> Option<Group> {
        let seats = self.seats();
        match &seats.get(&self.town.group(&person(who)))?.state {
            State::Chatting { with, .. } => Some(with.clone()),
            _ => None,
        }
    }

    pub(crate) fn are_together(&self, one: &str, other: &str) -> bool {
        self.partner(one) == Some(self.town.group(&person(other)))
    }

    pub(crate) fn seats(&self) -> Seats {
        self.town
            .memory()
            .values()
            .map(|(key, value)| {
                let seat = serde_json::from_str(value).expect("only seats are stored");
                (Group::from_id(key), seat)
            })
            .collect()
    }

    fn check_seats(&self, seats: &Seats) {
        for (group, seat) in seats {
            let State::Chatting { id, with, address } = &seat.state else { continue };
            assert_ne!(group, with, "somebody chats with themself");
            let other = seats.get(with).expect("both seats of a chat are there");
            assert_eq!(&other.address, address);
            match &other.state {
                State::Chatting { id: theirs, with, .. } => {
                    assert_eq!((id, group), (theirs, with), "the other side is in another chat");
                }
                state => panic!("the other side is {state:?}"),
            }
        }
        let sitting = |wanted: fn(&State) -> bool| -> BTreeSet<&Group> {
            seats.iter().filter(|(_, seat)| wanted(&seat.state)).map(|(group, _)| group).collect()
        };
        let memory = self.town.memory();
        // Whose seat has expired may stand in a pool until somebody looks.
        let pool = |name| -> BTreeSet<&Group> {
            let members = memory.pool(name).iter().map(|member| &member.group);
            members.filter(|group| seats.contains_key(group)).collect()
        };
        assert_eq!(pool("waiting"), sitting(|state| matches!(state, State::Waiting { .. })));
        assert_eq!(pool("chatting"), sitting(|state| matches!(state, State::Chatting { .. })));
    }
}

pub(crate) fn person(who: &str) -> Address {
    Address::new("tester", &format!("+1-{who}"), "+1-us")
}

/// What was sent must be what the message asks for, judged by where everybody sat when it completed.
fn check_words(before: &Seats, after: &Seats, completed: &Completed) {
    let mut sent: Vec<Said> =
        completed.effects.sends.iter().map(|owed| said(&owed.to, owed.text.reveal())).collect();
    let mut expected = match &completed.mail {
        Mail::Wake(_) => words_of_the_lobby(before, after, &completed.effects.checks),
        Mail::Message(message) => {
            let own = before.get(&completed.group).map_or(&State::Idle, |seat| &seat.state);
            let Some(words) = words_for(own, &message.sender, message.text.reveal(), &sent) else {
                return;
            };
            words
        }
    };
    sent.sort();
    expected.sort();
    assert_eq!(sent, expected);
}

/// `None` for a message that this oracle knows nothing of.
fn words_for(own: &State, sender: &Address, text: &str, sent: &[Said]) -> Option<Vec<Said>> {
    let us = |text: &str| vec![said(sender, text)];
    let partner = match own {
        State::Chatting { address, .. } => Some(address),
        _ => None,
    };
    let farewell = partner.map(|partner| said(partner, PEER_LEFT));
    Some(match (text, own) {
        ("connect", State::Chatting { .. }) => us(ALREADY),
        ("connect" | "refresh", State::Waiting { told: true }) => us(WAIT),
        ("connect" | "refresh", State::Waiting { told: false } | State::Idle) => Vec::new(),
        ("refresh" | "stop", _) => farewell.into_iter().collect(),
        ("disconnect", _) => us(DISCONNECTED).into_iter().chain(farewell).collect(),
        ("call", State::Chatting { address, .. }) => {
            let shared =
                format!("The other person has shared their number: {}", sender.identity.reveal());
            let shared = vec![said(address, &shared)];
            if sent == shared { shared } else { us(CONFIRM) }
        }
        ("call", _) => us(NOT_IN_CHAT),
        ("hello", _) => {
            partner.map_or_else(|| us(NO_PEER), |partner| vec![said(partner, "Stranger: hello")])
        }
        _ => return None,
    })
}

fn words_of_the_lobby(before: &Seats, after: &Seats, checks: &[Check]) -> Vec<Said> {
    // Whoever comes after the lobby looked is nobody that it could have chosen.
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
            (Some(State::Waiting { told: false }), State::Waiting { told: true }) => {
                expected.push(said(&seat.address, WAIT));
            }
            (Some(State::Waiting { .. }), State::Chatting { with, .. }) => {
                expected.push(said(&seat.address, CONNECTED));
                if before[group].last_partner.as_ref() == Some(with) {
                    let nobody = !checks.iter().any(waits_on);
                    assert!(nobody, "last partners met again while somebody else waited");
                }
            }
            _ => {}
        }
    }
    expected
}

fn said(to: &Address, text: &str) -> Said {
    (to.identity.reveal().to_owned(), text.to_owned())
}
