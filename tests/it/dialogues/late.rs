//! Answers that arrive when the time of their question is over, but before its wake.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use crosswire::contracts::handler::{DynHandler, Effects, Invocation, State};
use crosswire::model::address::GroupKey;
use crosswire::model::message::Mail;
use crosswire::model::state::Write;
use crosswire::prelude::*;
use secrecy::SecretString;

use super::Pizza;

/// A state of values alone.
struct Values(HashMap<String, String>);

#[async_trait]
impl State for Values {
    async fn values(&self, keys: &[String]) -> Result<Vec<Option<String>>> {
        Ok(keys.iter().map(|key| self.0.get(key).cloned()).collect())
    }

    async fn members(&self, _: &str, _: usize) -> Result<Vec<Member>> {
        Ok(Vec::new())
    }

    async fn size(&self, _: &str) -> Result<u64> {
        Ok(0)
    }

    async fn total(&self, _: &str) -> Result<i64> {
        Ok(0)
    }
}

/// Runs the dialogue on a message, some minutes after the start, with what was stored until then.
async fn run(text: &str, minutes: i64, stored: HashMap<String, String>) -> Effects {
    let sender = Address::new("tester", "+14155550100", "+14155550199");
    let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
    let incoming = Incoming::new(MessageId::new("SM1"), sender, text);
    let mail = Mail::Message(Box::new(Inbound::new("t".parse().unwrap(), now, incoming)));
    let invocation = Invocation {
        topic: "t".parse().unwrap(),
        group: Group::named("person"),
        attempt: 1,
        sequence: 1,
        now,
        groups: GroupKey::new(&SecretString::from("a secret that is only for tests")),
        known: HashMap::new(),
    };
    InDialogue(Pizza)
        .run(Transaction::new(invocation, Arc::new(Values(stored))), &mail)
        .await
        .unwrap()
}

fn texts(effects: &Effects) -> Vec<&str> {
    effects.sends.iter().map(|message| message.text.reveal()).collect()
}

fn stored(effects: &Effects) -> HashMap<String, String> {
    let put = |write: &Write| match write {
        Write::Put { key, value, .. } => Some((key.clone(), value.clone())),
        _ => None,
    };
    effects.writes.iter().filter_map(put).collect()
}

#[tokio::test]
async fn answer_after_the_time_of_its_question_is_a_new_message() {
    let asked = run("pizza", 0, HashMap::new()).await;
    assert_eq!(texts(&asked), ["Large or small?"]);
    let in_time = run("small", 9, stored(&asked)).await;
    assert_eq!(texts(&in_time), ["Which topping?"]);
    let late = run("small", 10, stored(&asked)).await;
    assert_eq!(texts(&late), ["Time is up; I had nothing."]);
    assert_eq!(stored(&late), HashMap::new());
    let again = run("pizza", 10, stored(&asked)).await;
    assert_eq!(texts(&again), ["Time is up; I had nothing.", "Large or small?"]);
}
