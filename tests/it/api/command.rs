//! The command `send`, by the store and by the API.

use super::{ALICE, CRON_TOKEN, call, json, start};
use crate::support::PATIENCE;

#[tokio::test]
async fn command_sends_by_the_store_and_by_the_api() {
    let deployment = start().await;
    let url = deployment.url("");
    let command = ["send", "--topic", "news", "--to", ALICE, "--idempotency-key", "7"];
    let by_store = deployment.crosswire(&[&command[..], &["by the store"]].concat());
    let again = deployment.crosswire(&[&command[..], &["by the store"]].concat());
    assert!(by_store.status.success(), "{by_store:?}");
    assert_eq!(by_store.stdout, again.stdout);
    let api = [("REDIS_URL", ""), ("API_TOKEN", CRON_TOKEN)];
    let by_api =
        deployment.crosswire_with(&api, &[&command[..], &["--url", &url, "by the api"]].concat());
    assert!(by_api.status.success(), "{by_api:?}");
    let id = String::from_utf8(by_api.stdout).unwrap();
    let arrived = deployment.twilio().wait_for(2, PATIENCE).await;
    let mut texts: Vec<&str> = arrived.iter().map(|message| message.body.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["by the api", "by the store"]);
    let shown = call(deployment.call("GET", &format!("/api/messages/{}", id.trim()))).await;
    assert_eq!(json(&shown)["id"], id.trim());
}

#[tokio::test]
async fn command_says_what_is_wrong() {
    let deployment = start().await;
    let failure = |environment: &[(&str, &str)], arguments: &[&str]| {
        let output = deployment.crosswire_with(environment, arguments);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let send = ["send", "--topic", "news", "--to", "0171", "hello"];
    assert!(failure(&[], &send).contains("to: write the number in E.164"));
    assert!(failure(&[("REDIS_URL", "")], &send).contains("API_TOKEN: is not set"));
    assert!(failure(&[("SECRET_KEY", "")], &send).contains("SECRET_KEY: is not set"));
    let url = deployment.url("");
    let wrong = [("API_TOKEN", "none of the configured ones"), ("API_URL", url.as_str())];
    assert!(failure(&wrong, &send).contains("send one of the configured tokens"));
    let nobody = [("API_TOKEN", CRON_TOKEN), ("API_URL", "http://127.0.0.1:9")];
    assert!(failure(&nobody, &send).contains("no answer from http://127.0.0.1:9"));
}
