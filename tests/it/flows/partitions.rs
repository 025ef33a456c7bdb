//! Changes of a topic's partition count.

use crosswire::contracts::storage::{Partition, Queues as _};
use crosswire::stores::redis::{Redis, RedisConfig};
use rstest::rstest;

use super::dev::refusal;
use crate::storage::fixture::{entry, push};
use crate::support::twilio::{Behaviour, Faults};
use crate::support::{Deployment, PATIENCE, Setup};

const TOPIC: &str = "[topics.counted]\nhandler = \"echo\"\naccept_response = \"\"\n";

/// More attempts to send than a test can make.
const ENDLESS: usize = 10_000;

async fn restart_with(deployment: &Deployment, partitions: u16) {
    deployment.write_topics(&format!("{TOPIC}partitions = {partitions}"));
    deployment.start_web();
    deployment.wait_ready().await;
}

#[rstest]
#[case::embedded(Setup::dev(TOPIC).embedded())]
#[case::redis(Setup::dev(TOPIC).own_redis())]
#[tokio::test]
async fn partition_count_changes_only_while_nothing_waits(#[case] setup: Setup) {
    let deployment = setup.start().await;
    let throttled = Behaviour::Throttle { retry_after: Some(1) };
    deployment.twilio().inject(Faults::script(vec![throttled; ENDLESS]));
    let phone = deployment.phone("+14155550101", "/queue/counted");
    phone.text("waits for the provider").await;
    assert!(deployment.stop_web(PATIENCE), "{}", deployment.logs());

    deployment.write_topics(&format!("{TOPIC}partitions = 2"));
    let error = refusal(deployment.crosswire(&["dev"]));
    assert!(error.contains("topics.counted.partitions cannot change from 1 to 2"), "{error}");
    assert!(error.contains("run `worker --drain`"), "{error}");
    let checked = deployment.crosswire_with(&[("ENV", "dev")], &["check"]);
    let listed = String::from_utf8(checked.stdout.clone()).unwrap();
    assert!(listed.contains("fatal: topics.counted.partitions cannot change"), "{listed}");
    assert!(refusal(checked).contains("partition counts that cannot change yet: 1"));

    deployment.twilio().inject(Faults::none());
    restart_with(&deployment, 1).await;
    phone.wait_for(1).await;
    assert!(deployment.stop_web(PATIENCE), "{}", deployment.logs());
    deployment.write_topics(&format!("{TOPIC}partitions = 2"));
    let checked = deployment.crosswire_with(&[("ENV", "dev")], &["check"]);
    let listed = String::from_utf8(checked.stdout.clone()).unwrap();
    assert!(checked.status.success(), "{listed}");
    assert!(listed.contains("the next start changes it from 1 to 2"), "{listed}");
    restart_with(&deployment, 2).await;
    assert!(deployment.logs().contains("partition count changed"), "{}", deployment.logs());
    phone.text("on two partitions").await;
    phone.wait_for(2).await;
}

#[tokio::test]
async fn process_stops_when_another_changes_the_partition_count() {
    let deployment = Setup::new(TOPIC).own_redis().start().await;
    deployment.write_topics(&format!("{TOPIC}partitions = 2"));
    deployment.kill_worker(0);
    deployment.start_worker(0);
    assert!(deployment.wait_for_web(PATIENCE).is_some(), "{}", deployment.logs());
    let logs = deployment.logs();
    let reason = "another process has changed topics.counted.partitions from 1 to 2; set it to 2";
    assert!(logs.contains(reason), "{logs}");
}

#[tokio::test]
async fn partition_count_may_grow_over_stranded_messages() {
    let deployment = Setup::new(TOPIC).own_redis().start().await;
    let url = deployment.redis().url().into();
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    let store = Redis::connect(settings).await.unwrap();
    let beyond = Partition { topic: "counted".parse().unwrap(), number: 1 };
    store.push(&beyond, push(entry("alice", "m1"))).await.unwrap();

    deployment.write_topics(&format!("{TOPIC}partitions = 2"));
    let checked = deployment.crosswire(&["check"]);
    let listed = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success(), "{listed}");
    assert!(listed.contains("the next start changes it from 1 to 2"), "{listed}");
}
