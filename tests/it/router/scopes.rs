//! Scopes: apps of a router do not touch each other's state, and get their own wakes.

use std::time::Duration;

use crosswire::prelude::*;

use super::play;

/// Counts the messages to it in every kind of state, and reports a minute later.
struct Counter;

const HOUR: Duration = Duration::from_hours(1);

impl Handler for Counter {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let state = cx.state::<u32>().await?.unwrap_or(0) + 1;
        cx.set_state(&state, HOUR)?;
        let value = cx.get::<u32>("value").await?.unwrap_or(0) + 1;
        cx.put("value", &value, HOUR)?;
        let (pooled, total) = (cx.size("pool").await?, cx.total("total").await?);
        let own = cx.group();
        cx.insert("pool", &own, HOUR);
        cx.count("total", 1, HOUR);
        let numbers = format!("{state} {value} {pooled} {total}");
        cx.wake_after(Duration::from_mins(1), "report", &(&message.sender, &numbers))?;
        cx.reply(numbers);
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        let (to, numbers): (Address, String) = wake.data()?;
        let state = tx.state::<u32>().await?.unwrap_or(0);
        tx.send(&to, format!("{}: {numbers}, now {state}", wake.name));
        Ok(())
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        let state = cx.state::<u32>().await?.unwrap_or(0);
        // The person gets nothing more, so that another one is told.
        let friend = Address::new(&cx.sender().transport, "2", cx.sender().line.reveal());
        cx.send(&friend, format!("bye {state}"));
        Ok(())
    }
}

const APPS: &str = "apps = [\"one\", \"two\", \"inner\"]\n\
                    one = { handler = \"counter\", keywords = [\"one\"] }\n\
                    two = { handler = \"counter\", keywords = [\"two\"] }\n\
                    inner.handler = \"router\"\ninner.apps = [\"one\", \"ping\"]\n\
                    inner.one = { handler = \"counter\", keywords = [\"three\"] }\n\
                    default = \"Pardon?\"";

#[test]
fn every_app_has_a_state_of_its_own_and_gets_its_own_wakes() {
    let script = "1 > one\n1 < 1 1 0 0\n1 > one\n1 < 2 2 1 1\n1 > two\n1 < 1 1 0 0\n\
                  1 > three\n1 < 1 1 0 0\n1 > four\n1 < Pardon?\n1 > ping\n1 < pong\n\
                  advance 1m\n\
                  1 < report: 1 1 0 0, now 2\n1 < report: 2 2 1 1, now 2\n\
                  1 < report: 1 1 0 0, now 1\n1 < report: 1 1 0 0, now 1";
    play(App::new().handler("counter", Counter), APPS, script);
}

#[test]
fn opt_out_reaches_every_app_whatever_its_keywords_are() {
    let script = "1 > one\n1 < 1 1 0 0\n1 > one\n1 < 2 2 1 1\n1 > two\n1 < 1 1 0 0\n\
                  1 > STOP\n2 < bye 2\n2 < bye 1\n2 < bye 0";
    play(App::new().handler("counter", Counter), APPS, script);
}

/// Wakes its own mailbox under a name with a slash, and another app's under one without.
struct Slashed;

impl Handler for Slashed {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        cx.wake_after(Duration::from_mins(1), "a/b", &message.sender)?;
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        tx.send(&wake.data()?, wake.name.as_str());
        Ok(())
    }
}

#[test]
fn wake_has_the_name_that_its_app_gave_it() {
    let properties = "apps = [\"s\", \"t\"]\ns.handler = \"slashed\"\ns.keywords = [\"go\"]\n\
                      t.handler = \"slashed\"\nt.keywords = [\"go\"]";
    let app = App::new().handler("slashed", Slashed);
    play(app, properties, "1 > go\nadvance 1m\n1 < a/b");
}

/// Tells the last sender what job is due.
struct Reporter;

impl Handler for Reporter {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        cx.put("sender", &message.sender, 48 * HOUR)?;
        cx.decline();
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        if let Some(sender) = tx.get("sender").await? {
            tx.send(&sender, format!("due: {}", wake.name));
        }
        Ok(())
    }
}

#[test]
fn job_of_the_topic_comes_to_every_app() {
    let properties = "apps = [\"one\", \"inner\"]\none.handler = \"reporter\"\n\
                      inner.handler = \"router\"\ninner.apps = [\"two\"]\n\
                      inner.two.handler = \"reporter\"\n\
                      [topics.t.schedule.tip]\ncron = \"0 9 * * *\"";
    let app = App::new().handler("reporter", Reporter);
    play(app, properties, "1 > hello\nadvance 10h\n1 < due: tip\n1 < due: tip");
}

/// Refuses every message after it has written and sent.
async fn refuses(cx: &mut Context, _: &Inbound) -> Result {
    cx.reply("half a word");
    Err(Refuse::new("No.").into())
}

#[test]
fn refusal_of_one_app_is_the_only_answer_to_the_message() {
    let app = App::new().handler("refuses", refuses).handler(
        "before",
        async |cx: &mut Context, _: &Inbound| {
            cx.reply("before");
            cx.decline();
            Ok(())
        },
    );
    play(app, "apps = [\"before\", \"refuses\", \"echo\"]", "1 > echo x\n1 < No.");
}
