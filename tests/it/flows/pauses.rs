//! Pauses of sending, as an operator sees them.

use std::time::Duration;

use crosswire::contracts::storage::{Pause, PauseScope, Pauses};
use crosswire::model::address::Identity;
use crosswire::stores::redis::{Redis, RedisConfig};

use super::ROULETTE;
use crate::support::Setup;

#[tokio::test]
async fn pause_is_shown_by_readyz_and_check_with_its_line_masked() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let url = deployment.redis().url().into();
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    let store = Redis::connect(settings).await.unwrap();
    let line = Some(Identity::new("+15005550006"));
    let pause = Pause {
        scope: PauseScope::of_provider("twilio", line),
        remaining: Duration::from_mins(10),
        code: 21606,
        reason: "not a valid, SMS-capable number".to_owned(),
    };
    store.pause(&"roulette".parse().unwrap(), &pause).await.unwrap();
    let expected = "degraded: roulette: sending by twilio from line ***06 is paused for ";
    let readiness = deployment.wait_for_readiness(|answer| answer.body.contains(expected)).await;
    assert_eq!(readiness.status, 200);
    let checked = deployment.crosswire_with(&[("ENV", "dev")], &["check"]);
    assert!(checked.status.success(), "{checked:?}");
    for shown in [readiness.body, String::from_utf8(checked.stdout).unwrap()] {
        assert!(shown.contains(expected), "{shown}");
        assert!(shown.contains("not a valid, SMS-capable number (21606)"), "{shown}");
    }
}
