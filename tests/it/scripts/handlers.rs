//! Handlers that show what an engine does with theirs.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DurationRound, TimeDelta};
use crosswire::app::registry::Registry;
use crosswire::contracts::handler::{Context, Handler, HandlerError};
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::address::Address;
use crosswire::model::message::{Inbound, Wake};

use super::services_of;

pub(super) const TIMER: &str = "[topics.t]\nhandler = \"timer\"\naccept_response = \"\"";

pub(super) fn timer() -> Vec<TopicRuntime> {
    let mut registry = Registry::shipped();
    registry.handler("timer", Arc::new(Timer));
    services_of(&registry, TIMER)
}

/// Answers `when` by the time, `30 50` half an hour and fifty minutes later; the rest goes wrong.
pub(super) struct Timer;

#[async_trait]
impl Handler for Timer {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result<(), HandlerError> {
        let text = message.text.reveal();
        match text {
            "when" => {
                let format = "%F %R";
                let (received, now) = (message.received_at.format(format), cx.now().format(format));
                cx.reply(format!("received {received}, handled {now}"));
            }
            "fail" => return Err(anyhow::anyhow!("the dog ate it").into()),
            "panic" => panic!("as it was asked to"),
            "for ever" => cx.wake(&cx.group().clone(), "again", None, &())?,
            "a bad wake" => {
                let at = Some(cx.now() + TimeDelta::minutes(1));
                cx.wake(&cx.group().clone(), "bad", at, &())?;
            }
            _ => {
                for minutes in text.split(' ') {
                    let minutes: i64 = minutes.parse().map_err(anyhow::Error::from)?;
                    let at = Some(cx.now() + TimeDelta::minutes(minutes));
                    let whom = (message.sender.clone(), minutes);
                    cx.wake(&cx.group().clone(), "ring", at, &whom)?;
                }
            }
        }
        Ok(())
    }

    async fn wake(&self, cx: &mut Context, wake: &Wake) -> Result<(), HandlerError> {
        match wake.name.as_str() {
            "again" => cx.wake(&cx.group().clone(), "again", None, &())?,
            "bad" => return Err(anyhow::anyhow!("no bell").into()),
            _ => {
                let (whom, minutes): (Address, i64) =
                    serde_json::from_value(wake.data.clone()).map_err(anyhow::Error::from)?;
                // A store with a clock of its own may be some milliseconds ahead.
                let now = cx.now().duration_round(TimeDelta::minutes(1)).unwrap();
                cx.send(&whom, format!("{minutes} minutes, at {}", now.format("%R")));
            }
        }
        Ok(())
    }
}
