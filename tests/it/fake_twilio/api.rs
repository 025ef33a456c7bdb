//! Tests of the fakes, which the other tests rely on, against the documented behaviour of the originals.

use std::time::Duration;

use rstest::rstest;
use serde_json::Value;

use crate::support::redis::RedisServer;
use crate::support::twilio::{Account, Behaviour, FakeTwilio, Faults, sign};

const SID: &str = "AC00000000000000000000000000000000";

fn fake() -> FakeTwilio {
    FakeTwilio::start(Account { sid: SID.to_owned(), token: "secret".to_owned() })
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build().unwrap()
}

fn messages_url(fake: &FakeTwilio) -> String {
    format!("{}/2010-04-01/Accounts/{SID}/Messages.json", fake.url())
}

async fn post(fake: &FakeTwilio, to: &str, body: &str) -> reqwest::Result<reqwest::Response> {
    client()
        .post(messages_url(fake))
        .basic_auth(SID, Some("secret"))
        .form(&[("To", to), ("From", "+15005550006"), ("Body", body)])
        .send()
        .await
}

async fn list(fake: &FakeTwilio, query: &str) -> Value {
    let url = if query.starts_with('/') {
        format!("{}{query}", fake.url())
    } else {
        format!("{}?{query}", messages_url(fake))
    };
    let request = client().get(url).basic_auth(SID, Some("secret"));
    request.send().await.unwrap().json().await.unwrap()
}

/// The first three are published with Twilio's own helper libraries.
#[rstest]
#[case("https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
#[case("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w=")]
#[case("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
fn signature_is_the_one_that_twilio_makes(#[case] url: &str, #[case] signature: &str) {
    let parameters = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(sign("12345", url, &parameters), signature);
}

#[test]
fn repeated_parameter_is_signed_sorted_and_once() {
    let parameters = [
        ("Sid", "CA123"),
        ("SidAccount", "AC123"),
        ("Digits", "5678"),
        ("Digits", "1234"),
        ("Digits", "1234"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    assert_eq!(sign("12345", url, &parameters), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
}

#[tokio::test]
async fn message_is_answered_201_and_recorded() {
    let fake = fake();
    let answer = post(&fake, "+14155550101", "grüße & <tags>").await.unwrap();
    assert_eq!(answer.status(), 201);
    let json: Value = answer.json().await.unwrap();
    let messages = fake.wait_for(1, Duration::from_secs(1)).await;
    assert_eq!(json["sid"], messages[0].sid.as_str());
    assert_eq!(json["status"], "queued");
    assert_eq!(json["direction"], "outbound-api");
    assert_eq!(messages[0].body, "grüße & <tags>");
    assert_eq!(messages[0].to, "+14155550101");
}

#[tokio::test]
async fn wrong_token_is_refused() {
    let fake = fake();
    let answer = client()
        .post(messages_url(&fake))
        .basic_auth(SID, Some("guessed"))
        .form(&[("To", "+14155550101"), ("From", "+15005550006"), ("Body", "hi")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], 20003);
    assert_eq!(fake.count(), 0);
}

#[rstest]
#[case("+15005550001", 21211)]
#[case("+15005550002", 21612)]
#[case("+15005550003", 21408)]
#[case("+15005550004", 21610)]
#[case("+15005550009", 21614)]
#[case("not a number", 21211)]
#[tokio::test]
async fn magic_number_is_refused_with_its_code(#[case] to: &str, #[case] code: u32) {
    let fake = fake();
    let answer = post(&fake, to, "hi").await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], code);
    assert_eq!((fake.count(), fake.attempts()), (0, 1));
}

#[tokio::test]
async fn faults_follow_the_order_of_their_script() {
    let fake = fake();
    let long = Duration::from_mins(1);
    fake.inject(Faults::script([
        Behaviour::Throttle { retry_after: Some(7) },
        Behaviour::Fail { status: 503, code: None },
        Behaviour::Drop,
        Behaviour::Hang(long),
        Behaviour::AcceptThenDrop,
        Behaviour::AcceptThenFail(500),
        Behaviour::AcceptThenHang(long),
    ]));
    let throttled = post(&fake, "+14155550101", "1").await.unwrap();
    assert_eq!(throttled.status(), 429);
    assert_eq!(throttled.headers()["Retry-After"], "7");
    assert_eq!(post(&fake, "+14155550101", "2").await.unwrap().status(), 503);
    assert!(post(&fake, "+14155550101", "3").await.is_err());
    assert!(post(&fake, "+14155550101", "4").await.unwrap_err().is_timeout());
    assert!(post(&fake, "+14155550101", "5").await.is_err());
    assert_eq!(post(&fake, "+14155550101", "6").await.unwrap().status(), 500);
    assert!(post(&fake, "+14155550101", "7").await.unwrap_err().is_timeout());
    assert_eq!(post(&fake, "+14155550101", "8").await.unwrap().status(), 201);
    let accepted: Vec<_> = fake.messages().into_iter().map(|message| message.body).collect();
    assert_eq!(accepted, ["5", "6", "7", "8"]);
}

#[tokio::test]
async fn closed_port_refuses_and_opens_again() {
    let fake = fake();
    fake.refuse_connections();
    assert!(post(&fake, "+14155550101", "1").await.unwrap_err().is_connect());
    fake.accept_connections();
    assert_eq!(post(&fake, "+14155550101", "2").await.unwrap().status(), 201);
}

#[tokio::test]
async fn list_is_filtered_newest_first_and_in_pages() {
    let fake = fake();
    for number in 0..5 {
        post(&fake, "+14155550101", &format!("text {number}")).await.unwrap();
        post(&fake, "+14155550102", "for another").await.unwrap();
    }
    let first = list(&fake, "To=%2B14155550101&From=%2B15005550006&PageSize=3").await;
    let second = list(&fake, first["next_page_uri"].as_str().unwrap()).await;
    assert_eq!(second["next_page_uri"], Value::Null);
    let bodies: Vec<_> = [first, second]
        .iter()
        .flat_map(|page| page["messages"].as_array().unwrap().clone())
        .map(|message| message["body"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(bodies, ["text 4", "text 3", "text 2", "text 1", "text 0"]);
}

#[tokio::test]
async fn message_appears_in_the_list_after_its_lag() {
    let fake = fake();
    fake.list_lag(Duration::from_hours(1));
    post(&fake, "+14155550101", "hi").await.unwrap();
    assert_eq!(list(&fake, "").await["messages"].as_array().unwrap().len(), 0);
    fake.list_lag(Duration::ZERO);
    assert_eq!(list(&fake, "").await["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn redis_keeps_its_contents_over_a_power_cut() {
    let redis = RedisServer::start();
    let mut connection = redis.connection().await;
    let () = redis::cmd("SET").arg("k").arg("v").query_async(&mut connection).await.unwrap();
    let before = redis.contents().await;
    redis.kill9();
    redis.restart();
    assert_eq!(redis.contents().await, before);
    assert!(before.contains_key("k"));
}
