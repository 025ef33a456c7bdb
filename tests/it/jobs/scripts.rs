//! Jobs on the clock of scripts, on both stores.

use std::time::Duration;

use crosswire::prelude::*;
use crosswire::tester::script::{Script, ScriptHarness};

use super::topic;
use crate::scripts::{run_on, run_on_redis};
use crate::support::redis::RedisServer;

const LONG: Duration = Duration::from_hours(10_000);

/// Sends every subscriber the time and what the job's data say.
struct Tips;

impl Handler for Tips {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let own = cx.group();
        cx.put(own.as_str(), &message.sender, LONG)?;
        cx.insert("subscribers", &own, LONG);
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        let runs = tx.state::<u32>().await?.unwrap_or(0) + 1;
        tx.set_state(&runs, LONG)?;
        let data: String = wake.data()?;
        for group in tx.list("subscribers", 10).await? {
            let Some(to) = tx.get::<Address>(group.as_str()).await? else { continue };
            tx.send(&to, format!("{} {runs}: {data}", wake.name));
        }
        Ok(())
    }
}

const SCHEDULE: &str = "\
    [topics.t.schedule.tip]\ncron = \"0 9 * * 1-5\"\ntimezone = \"Europe/Berlin\"\ndata = \"Floss.\"\n\
    [topics.t.schedule.tick]\ncron = \"*/20 * * * * *\"\ndata = \"tock\"\n";

/// A script begins on a Saturday at midnight UTC. The first weekday is two days later, at eight UTC.
const TIPS: &str = "\
    111 > hello\n\
    advance 1m\n111 < tick 1: tock\n111 < tick 2: tock\n111 < tick 3: tock\n";

#[tokio::test]
async fn jobs_run_at_their_times_on_the_embedded_store() {
    assert_eq!(run_on(&[topic(Tips, SCHEDULE)], &format!("strict\n{TIPS}")).await, Ok(()));
    let tip = SCHEDULE.split("[topics.t.schedule.tick]").next().unwrap();
    let weekend = "strict\n111 > hello\nadvance 55h\nadvance 59m\nadvance 59s\nadvance 1s\n\
                   111 < tip 1: Floss.\nadvance 24h\n111 < tip 2: Floss.\n";
    assert_eq!(run_on(&[topic(Tips, tip)], weekend).await, Ok(()));
    let early = "111 > hello\nadvance 55h\nadvance 59m\nadvance 59s\n111 < tip 1: Floss.";
    assert!(run_on(&[topic(Tips, tip)], early).await.is_err());
}

#[tokio::test]
async fn jobs_run_at_their_times_on_redis() {
    let (server, topics) = (RedisServer::volatile(), [topic(Tips, SCHEDULE)]);
    assert_eq!(run_on_redis(&server, &topics, &format!("strict\n{TIPS}")).await, Ok(()));
}

#[tokio::test]
async fn error_of_a_job_is_reported_under_its_name() {
    let schedule = SCHEDULE.replace("\"tock\"", "5");
    let script = Script::parse("a", "111 > hello\nadvance 1m\n111 < tick 1: 5", &[]).unwrap();
    let mut harness = ScriptHarness::embedded(&[topic(Tips, &schedule)]).await.unwrap();
    let failures = script.run(&mut harness, None, false).await.unwrap_err();
    let found = failures.to_string();
    assert!(found.contains("the wake \"tick\" failed: invalid type: integer `5`"), "{found}");
}
