//! Media of inbound messages, fetched from the hosts that may have them.

use crosswire::contracts::transport::{MediaError, Transport};
use crosswire::transports::twilio::Twilio;
use rstest::rstest;

use super::ACCOUNT;
use super::provider::{Action, Provider};
use super::send::twilio_at;

fn file(base: &str) -> String {
    format!("{base}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1")
}

fn found(body: &str) -> Action {
    Action::Answer(200, "", body.to_owned())
}

fn redirect(location: &'static str) -> Action {
    Action::Answer(307, location, String::new())
}

async fn fetched(twilio: &Twilio, url: &str) -> Result<Vec<u8>, MediaError> {
    twilio.fetch(url).await
}

#[tokio::test]
async fn credentials_stay_with_the_api_and_do_not_follow_the_redirect() {
    let provider = Provider::start([redirect("Location: /storage/1\r\n"), found("picture")]);
    let twilio = twilio_at(&provider.base);
    assert_eq!(fetched(&twilio, &file(&provider.base)).await.unwrap(), b"picture");
    let [api, storage] = &provider.requests()[..] else { panic!("two requests") };
    assert!(!api.header("authorization").is_empty());
    assert_eq!((storage.line.as_str(), storage.header("authorization")), ("GET /storage/1", ""));
}

#[rstest]
#[case("https://evil.example/2010-04-01/Accounts/AC/Messages/MM1/Media/ME1")]
#[case("https://api.twilio.com.evil.example/")]
#[case("http://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/MM1")]
#[case(
    "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/MM1/Media/ME1"
)]
#[case(
    "https://x@api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/MM1"
)]
#[case(
    "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/../Calls"
)]
#[case("file:///etc/passwd")]
#[case("")]
#[tokio::test]
async fn address_of_another_resource_is_not_called(#[case] url: &str) {
    let provider = Provider::start([]);
    assert_eq!(fetched(&twilio_at(&provider.base), url).await, Err(MediaError::Gone), "{url}");
    assert!(provider.requests().is_empty());
}

#[rstest]
#[case("Location: https://evil.example/\r\n")]
#[case("Location: http://media.twiliocdn.com/1\r\n")]
#[case("Location: https://media.twiliocdn.com:8443/1\r\n")]
#[case("Location: https://media.twiliocdn.com.evil.example/1\r\n")]
#[case("Location: https://s3.amazonaws.com/somebody/1\r\n")]
#[case("Location: https://169.254.169.254/latest/meta-data\r\n")]
#[case("")]
#[tokio::test]
async fn redirect_to_another_host_is_not_followed(#[case] location: &'static str) {
    let provider = Provider::start([redirect(location)]);
    let outcome = fetched(&twilio_at(&provider.base), &file(&provider.base)).await;
    let Err(MediaError::Unavailable(reason)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, "it leads to another host");
}

#[tokio::test]
async fn endless_redirects_end() {
    let provider = Provider::start(std::iter::repeat_n(redirect("Location: /next\r\n"), 3));
    let outcome = fetched(&twilio_at(&provider.base), &file(&provider.base)).await;
    assert!(matches!(outcome, Err(MediaError::Unavailable(_))), "{outcome:?}");
    assert_eq!(provider.requests().len(), 3);
}

#[tokio::test]
async fn medium_above_the_limit_is_not_read() {
    let provider = Provider::start([found(&"x".repeat(5 * 1024 * 1024 + 1))]);
    let outcome = fetched(&twilio_at(&provider.base), &file(&provider.base)).await;
    assert_eq!(outcome, Err(MediaError::TooLarge));
}

#[rstest]
#[case(404, MediaError::Gone)]
#[case(410, MediaError::Gone)]
#[case(401, MediaError::Unavailable("status 401".to_owned()))]
#[case(500, MediaError::Unavailable("status 500".to_owned()))]
#[tokio::test]
async fn refusal_of_the_provider_is_told_apart(#[case] status: u16, #[case] error: MediaError) {
    let provider = Provider::start([Action::Answer(status, "", "no".to_owned())]);
    let outcome = fetched(&twilio_at(&provider.base), &file(&provider.base)).await;
    assert_eq!(outcome, Err(error));
}
