//! The contract of a handler: which method handles a mail, and what becomes of its outcome.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use chrono::DateTime;
use crosswire::contracts::handler::{DynHandler, Effects, Invocation, State, UNDELIVERABLE};
use crosswire::model::address::GroupKey;
use crosswire::model::message::Mail;
use crosswire::prelude::*;
use rstest::rstest;
use secrecy::SecretString;

/// A state without a value.
struct Empty;

#[async_trait]
impl State for Empty {
    async fn values(&self, keys: &[String]) -> Result<Vec<Option<String>>> {
        Ok(vec![None; keys.len()])
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

fn message(text: &str, opt_out: Option<OptOut>) -> Mail {
    let sender = Address::new("tester", "+14155550100", "+14155550199");
    let mut incoming = Incoming::new(MessageId::new("SM1"), sender, text);
    incoming.opt_out = opt_out;
    let topic = "t".parse().unwrap();
    Mail::Message(Box::new(Inbound::new(topic, DateTime::UNIX_EPOCH, incoming)))
}

async fn run(handler: &dyn DynHandler, mail: &Mail) -> Result<Effects> {
    let invocation = Invocation {
        topic: "topic".parse().unwrap(),
        group: Group::named("person"),
        sequence: 1,
        attempt: 1,
        now: DateTime::UNIX_EPOCH,
        groups: GroupKey::new(&SecretString::from("a secret that is only for tests")),
        known: HashMap::new(),
    };
    handler.run(Transaction::new(invocation, Arc::new(Empty)), mail).await
}

fn texts(effects: &Effects) -> Vec<&str> {
    effects.sends.iter().map(|message| message.text.reveal()).collect()
}

/// Replies with the name of the method that was called.
struct Named;

impl Handler for Named {
    async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.reply("handle");
        Ok(())
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.reply("opted_out");
        Ok(())
    }

    async fn opted_in(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.reply("opted_in");
        Ok(())
    }

    async fn help_requested(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.reply("help_requested");
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        tx.send(&wake.data()?, "wake");
        Ok(())
    }

    async fn undeliverable(&self, tx: &mut Transaction, code: u32) -> Result {
        if let Some(since) = tx.undeliverable_since() {
            tx.put("since", &since, std::time::Duration::from_secs(1))?;
        }
        tx.count("undeliverable", i64::from(code), std::time::Duration::from_secs(1));
        Ok(())
    }
}

#[rstest]
#[case("hello", None, "handle")]
#[case("Stop.", None, "opted_out")]
#[case("QUIT", None, "opted_out")]
#[case("please stop", None, "handle")]
#[case("please stop", Some(OptOut::Stop), "opted_out")]
#[case("start", None, "handle")]
#[case("start", Some(OptOut::Start), "opted_in")]
#[case("help", None, "handle")]
#[case("help", Some(OptOut::Help), "help_requested")]
#[case("stop", Some(OptOut::Help), "help_requested")]
#[tokio::test]
async fn message_is_routed_by_the_provider_and_then_by_opt_out_words(
    #[case] text: &str,
    #[case] opt_out: Option<OptOut>,
    #[case] method: &str,
) {
    let effects = run(&Named, &message(text, opt_out)).await.unwrap();
    assert_eq!(texts(&effects), [method]);
}

/// The smallest handler.
async fn echo(cx: &mut Context, message: &Inbound) -> Result {
    cx.reply(message.text.reveal());
    Ok(())
}

#[tokio::test]
async fn function_is_a_handler_that_obeys_stop_start_and_help() {
    assert_eq!(texts(&run(&echo, &message("hello", None)).await.unwrap()), ["hello"]);
    for (text, opt_out) in [
        ("stop", None),
        ("stop", Some(OptOut::Stop)),
        ("start", Some(OptOut::Start)),
        ("help", Some(OptOut::Help)),
    ] {
        let effects = run(&echo, &message(text, opt_out)).await.unwrap();
        assert_eq!(effects, Effects::default(), "{text}");
    }
}

fn wake(name: &str, data: &serde_json::Value) -> Mail {
    let wake = serde_json::json!({ "kind": "wake", "group": "@g", "name": name, "data": data });
    serde_json::from_value(wake).unwrap()
}

#[tokio::test]
async fn undeliverable_has_its_own_method_and_other_wakes_share_one() {
    let effects = run(&Named, &wake(UNDELIVERABLE, &21610.into())).await.unwrap();
    assert_eq!(format!("{:?}", effects.writes), "[Count(undeliverable, 21610)]");
    let address = Address::new("tester", "+14155550100", "+14155550199");
    let effects = run(&Named, &wake("any", &serde_json::to_value(address).unwrap())).await.unwrap();
    assert_eq!(texts(&effects), ["wake"]);
    let late = serde_json::json!({ "code": 30005, "since": 1_800_000_000_123_i64 });
    let effects = run(&Named, &wake(UNDELIVERABLE, &late)).await.unwrap();
    let written = format!("{:?}", effects.writes);
    assert_eq!(written, "[Put(since), Count(undeliverable, 30005)]");
    let ignored = run(&echo, &wake(UNDELIVERABLE, &1.into())).await.unwrap();
    assert_eq!(ignored, Effects::default());
}

/// Writes and replies before it refuses.
async fn refuse(cx: &mut Context, _: &Inbound) -> Result {
    cx.set_state(&1, std::time::Duration::from_secs(1))?;
    cx.reply("half a word");
    Err(Refuse::new("No.")).context("at the door").context("tonight")
}

#[tokio::test]
async fn refusal_below_contexts_replaces_all_other_effects() {
    let effects = run(&refuse, &message("hello", None)).await.unwrap();
    assert_eq!(texts(&effects), ["No."]);
    assert_eq!(Effects { sends: Vec::new(), ..effects }, Effects::default());
}

/// Fails with an error of a library.
async fn parse(_: &mut Context, message: &Inbound) -> Result {
    message.text.reveal().parse::<u8>()?;
    Ok(())
}

#[tokio::test]
async fn any_other_error_is_returned() {
    let error = run(&parse, &message("x", None)).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid digit found in string");
}

struct RefusesWakes;

impl Handler for RefusesWakes {
    async fn handle(&self, _: &mut Context, _: &Inbound) -> Result {
        Ok(())
    }

    async fn wake(&self, _: &mut Transaction, _: &Wake) -> Result {
        Err(Refuse::new("No.").into())
    }
}

#[tokio::test]
async fn refusal_in_a_wake_is_an_error_since_there_is_no_sender() {
    let error = run(&RefusesWakes, &wake("any", &serde_json::Value::Null)).await.unwrap_err();
    assert_eq!(error.to_string(), "the handler refused the message");
}
