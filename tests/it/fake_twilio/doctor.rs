//! `crosswire doctor`, around a deployment whose account is at the fake.

use std::process::Output;
use std::time::Duration;

use crate::flows::ROULETTE;
use crate::support::twilio::Delays;
use crate::support::{Deployment, Setup};

async fn deployment() -> Deployment {
    Setup::new(ROULETTE).own_redis().workers(0).start().await
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

/// Returns the one line about a part.
fn line(output: &Output, part: &str) -> String {
    let lines = lines(output);
    let mut found = lines.iter().filter(|line| line.contains(&format!("{part}: ")));
    let line = found.next().unwrap_or_else(|| panic!("no line about {part}: {lines:#?}"));
    assert_eq!(found.next(), None);
    line.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_sets_the_webhook_of_the_number_when_it_is_asked_to() {
    let deployment = deployment().await;
    let webhook = format!("{}#rc=5&rp=all", deployment.url("/queue/roulette"));
    let sick = deployment.crosswire(&["doctor"]);
    assert!(!sick.status.success());
    let found = line(&sick, "webhook");
    assert!(found.starts_with("problem   roulette: twilio: webhook: "), "{found}");
    assert!(found.contains("--fix") && found.contains(&webhook), "{found}");
    assert_eq!(deployment.twilio().webhook(), "");
    let repaired = deployment.crosswire(&["doctor", "--fix"]);
    assert!(repaired.status.success(), "{repaired:?}");
    assert!(line(&repaired, "webhook").starts_with("repaired  "), "{repaired:?}");
    assert_eq!(deployment.twilio().webhook(), webhook);
    let healthy = deployment.crosswire(&["doctor"]);
    assert!(healthy.status.success(), "{healthy:?}");
    let parts = ["configuration", "PUBLIC_URL", "open files", "store", "persistence"];
    for part in parts.into_iter().chain(["signature", "credentials", "clock", "webhook"]) {
        assert!(line(&healthy, part).starts_with("ok  "), "{healthy:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn additional_path_of_the_topic_is_its_webhook_too() {
    let deployment = deployment().await;
    deployment.twilio().set_webhook(&deployment.url("/sms"));
    let healthy = deployment.crosswire(&["doctor", "--fix"]);
    assert!(line(&healthy, "webhook").starts_with("ok  "), "{healthy:?}");
    assert_eq!(deployment.twilio().webhook(), deployment.url("/sms"));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_wrong_credentials_a_wrong_clock_and_a_foreign_number() {
    let deployment = deployment().await;
    let wrong = [("TWILIO_AUTH_TOKEN", "ffffffffffffffffffffffffffffffff")];
    let denied = deployment.crosswire_with(&wrong, &["doctor"]);
    assert!(!denied.status.success());
    assert!(line(&denied, "credentials").contains("(20003)"), "{denied:?}");
    let foreign = deployment.crosswire_with(&[("TWILIO_FROM_NUMBER", "+14155550199")], &["doctor"]);
    let found = line(&foreign, "webhook");
    assert!(found.contains("***99 is no number of this account"), "{found}");
    let clock_ahead = Duration::from_mins(5);
    deployment.twilio().delay(Delays { clock_ahead, ..Delays::default() });
    let late = deployment.crosswire(&["doctor"]);
    assert!(line(&late, "clock").contains(" s behind Twilio"), "{late:?}");
    deployment.twilio().refuse_connections();
    let away = deployment.crosswire(&["doctor"]);
    assert!(line(&away, "credentials").contains("Twilio does not answer"), "{away:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_public_url_is_degraded_outside_dev() {
    let deployment = deployment().await;
    let without = [("PUBLIC_URL", "")];
    let examined = deployment.crosswire_with(&without, &["doctor"]);
    assert!(line(&examined, "PUBLIC_URL").starts_with("degraded  "), "{examined:?}");
    assert!(line(&examined, "webhook").starts_with("degraded  "), "{examined:?}");
    let checked = deployment.crosswire_with(&without, &["check"]);
    let degraded = "degraded: PUBLIC_URL: not set";
    assert!(lines(&checked).iter().any(|line| line.starts_with(degraded)), "{checked:?}");
    let in_dev = deployment.crosswire_with(&[("PUBLIC_URL", ""), ("ENV", "dev")], &["check"]);
    assert!(!lines(&in_dev).iter().any(|line| line.contains("PUBLIC_URL")), "{in_dev:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_reports_an_unreachable_store_and_invalid_settings() {
    let deployment = deployment().await;
    let away = [("REDIS_URL", "redis://127.0.0.1:1")];
    let examined = deployment.crosswire_with(&away, &["doctor"]);
    assert!(!examined.status.success());
    assert!(line(&examined, "store").starts_with("problem   store: "), "{examined:?}");
    let invalid = deployment.crosswire_with(&[("TWILIO_ACCOUNT_SID", "SK1")], &["doctor"]);
    assert!(!invalid.status.success());
    assert!(line(&invalid, "configuration").contains("TWILIO_ACCOUNT_SID"), "{invalid:?}");
}
