//! Handlers that show the behaviour of the engine.

use chrono::{DurationRound, TimeDelta};
use crosswire::app::registry::Registry;
use crosswire::engine::topic::TopicRuntime;
use crosswire::prelude::*;

use super::services_of;

pub(super) const TIMER: &str = "[topics.t]\nhandler = \"timer\"\naccept_response = \"\"";

pub(super) fn timer() -> Vec<TopicRuntime> {
    let mut registry = Registry::shipped();
    registry.handler("timer", Timer);
    services_of(&registry, TIMER)
}

/// Answers `when` with the time, and `30 50` after half an hour and after fifty minutes; other texts
/// fail in different ways.
pub(super) struct Timer;

impl Handler for Timer {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let (text, group) = (message.text.reveal(), cx.group());
        match text {
            "when" => {
                let format = "%F %R";
                let (received, now) = (message.received_at.format(format), cx.now().format(format));
                cx.reply(format!("received {received}, handled {now}"));
            }
            "fail" => return Err(anyhow::anyhow!("the dog ate it")),
            "panic" => panic!("as requested"),
            "for ever" => cx.wake(&group, "again", None, &())?,
            "a bad wake" => {
                let at = Some(cx.now() + TimeDelta::minutes(1));
                cx.wake(&group, "bad", at, &())?;
            }
            _ => {
                for minutes in text.split(' ') {
                    let minutes: i64 = minutes.parse()?;
                    let at = Some(cx.now() + TimeDelta::minutes(minutes));
                    let recipient = (message.sender.clone(), minutes);
                    cx.wake(&group, "ring", at, &recipient)?;
                }
            }
        }
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        match wake.name.as_str() {
            "again" => tx.wake(&tx.group(), "again", None, &())?,
            "bad" => return Err(anyhow::anyhow!("no bell")),
            _ => {
                let (recipient, minutes): (Address, i64) = wake.data()?;
                // A store with a clock of its own may be some milliseconds ahead.
                let now = tx.now().duration_round(TimeDelta::minutes(1)).unwrap();
                tx.send(&recipient, format!("{minutes} minutes, at {}", now.format("%R")));
            }
        }
        Ok(())
    }
}
