//! Later statements of Twilio: undelivered messages, messages of unknown outcome, and pictures.

use super::ROULETTE;
use super::texts::{CONNECTED, PEER_LEFT, WAIT};
use crate::support::twilio::{Behaviour, Delivery, Faults};
use crate::support::{Deployment, PATIENCE, Phone, Setup, poll};
use crate::transports::twilio::provider::{Action, Provider};

/// Roulette whose provider's list is not asked before the test is over.
const PATIENT: &str = r#"
    [topics.roulette]
    handler = "roulette"
    paths = ["/sms"]
    accept_response = ""
    sending = { repeats = 0, settle = "5m", connect_timeout = "1s", timeout = "1s", lease = "10s" }
"#;

async fn chatting(deployment: &Deployment) -> (Phone<'_>, Phone<'_>) {
    let anna = deployment.phone("+14155550101", "/sms");
    let ben = deployment.phone("+14155550102", "/sms");
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    ben.text("connect").await;
    assert_eq!(ben.wait_for(1).await, [CONNECTED]);
    anna.wait_for(2).await;
    (anna, ben)
}

#[tokio::test]
async fn chat_ends_when_a_text_is_reported_undelivered() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    deployment.twilio().report(Delivery::Undelivered(30005));
    anna.text("are you there").await;
    ben.wait_for(2).await;
    // What Anna is told next reaches her.
    deployment.twilio().report(Delivery::Silent);
    assert_eq!(anna.wait_for(3).await[2..], [PEER_LEFT]);
    let events = deployment.crosswire(&["events", "--topic", "roulette"]);
    let events = String::from_utf8(events.stdout).unwrap();
    assert!(events.contains("30005: an unknown recipient"), "{events}");
}

#[tokio::test]
async fn text_of_unknown_outcome_is_settled_by_its_report() {
    let deployment = Setup::new(PATIENT).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    deployment.twilio().report(Delivery::Delivered);
    deployment.twilio().inject(Faults::script([Behaviour::AcceptThenDrop]));
    anna.text("number one").await;
    anna.text("number two").await;
    assert_eq!(ben.wait_for(3).await[1..], ["Stranger: number one", "Stranger: number two"]);
    assert_eq!(deployment.twilio().count(), 5, "nothing is sent twice");
}

fn chunk(name: &str, data: &str) -> String {
    let length = char::from(u8::try_from(data.len()).unwrap());
    format!("{name}{length}\0\0\0{data}")
}

/// A WebP with these chunks. None of its bytes is above 127.
fn picture(chunks: &[String]) -> String {
    chunk("RIFF", &format!("WEBP{}", chunks.concat()))
}

#[tokio::test]
async fn picture_of_a_stranger_is_handed_out_without_place_and_account() {
    let (image, place) = (chunk("VP8 ", "pixels"), chunk("EXIF", "GPS 52.5 N, 13.4"));
    let taken = picture(&[image.clone(), place]);
    let created = || Action::Answer(201, "", r#"{"sid":"SM1"}"#.to_owned());
    let fetched = [taken, "BEGIN:VCARD".to_owned()].map(|body| Action::Answer(200, "", body));
    let provider =
        Provider::start([created(), created(), created(), created()].into_iter().chain(fetched));
    let setup = Setup::new(ROULETTE).own_redis().env("TWILIO_API_BASE", &provider.base);
    let deployment = setup.start().await;
    let sent = |count| {
        let requests = || Some(provider.requests()).filter(|requests| requests.len() >= count);
        poll(PATIENCE, requests).expect("the provider is called")
    };
    let anna = deployment.phone("+14155550101", "/sms");
    anna.text("connect").await;
    sent(1);
    deployment.phone("+14155550102", "/sms").text("connect").await;
    sent(3);
    let account = format!("AC{}", "0a".repeat(16));
    let medium = format!("{}/2010-04-01/Accounts/{account}/Messages/MM1/Media/ME1", provider.base);
    let mut webhook = anna.webhook("look at this").set("NumMedia", "3");
    for (index, name) in ["image/webp", "text/x-vcard", "video/3gpp"].into_iter().enumerate() {
        webhook = webhook.add(&format!("MediaUrl{index}"), &medium);
        webhook = webhook.add(&format!("MediaContentType{index}"), name);
    }
    webhook.send().await.unwrap();
    let body = sent(4).pop().unwrap().body;
    let media = form_urlencoded::parse(body.as_bytes()).filter(|(name, _)| name == "MediaUrl");
    let media: Vec<String> = media.map(|(_, url)| url.into_owned()).collect();
    let [address] = &media[..] else { panic!("one picture, no card and no film: {media:?}") };
    let path = address.strip_prefix(&deployment.url("")).expect("an address of this server");
    assert!(path.starts_with("/media/") && !path.contains(&account), "{path}");
    let shown = deployment.get(path).await.unwrap();
    assert_eq!((shown.status, shown.body), (200, picture(&[image])));
    let header = |name: &str| shown.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/webp");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("cache-control").starts_with("private"));
    assert_eq!(deployment.get(path).await.unwrap().status, 502, "a card is no picture");
    for wrong in [&path[..path.len() - 1], "/media/x", "/media/"] {
        assert_eq!(deployment.get(wrong).await.unwrap().status, 404, "{wrong}");
    }
    assert_eq!(deployment.call("POST", path).send().await.unwrap().status(), 405);
}
