//! What Twilio tells later: undelivered messages, messages of unknown outcome, and pictures.

use super::ROULETTE;
use super::texts::{CONNECTED, PEER_LEFT, WAIT};
use crate::support::twilio::{Behaviour, Delivery, Faults};
use crate::support::{Deployment, Phone, Setup};

/// Roulette whose provider's list is not asked before the test is over.
const PATIENT: &str = r#"
    [topics.roulette]
    handler = "roulette"
    paths = ["/sms"]
    accept_response = ""
    sending = { settle = "5m", connect_timeout = "1s", timeout = "1s", lease = "10s" }
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

/// A JPEG with a place in it.
fn picture() -> (Vec<u8>, Vec<u8>) {
    let place = b"\xff\xe1\x00\x13Exif\0\0GPS 52.5 N.";
    let image = b"\xff\xda\x00\x04ab\x01\x02\x03\xff\xd9";
    let start = &b"\xff\xd8"[..];
    ([start, place, image].concat(), [start, image].concat())
}

#[tokio::test]
async fn picture_of_a_stranger_is_handed_out_without_place_and_account() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    let (taken, clean) = picture();
    let medium = deployment.twilio().hold_medium(&taken);
    let webhook = anna.webhook("look at this").set("NumMedia", "3");
    let webhook = webhook.add("MediaUrl0", &medium).add("MediaContentType0", "image/jpeg");
    let webhook = webhook.add("MediaUrl1", &medium).add("MediaContentType1", "text/x-vcard");
    let webhook = webhook.add("MediaUrl2", &medium).add("MediaContentType2", "video/3gpp");
    webhook.send().await.unwrap();
    ben.wait_for(2).await;
    let sent = deployment.twilio().messages().pop().unwrap();
    let [address] = &sent.media[..] else { panic!("one picture, no card and no film: {sent:?}") };
    let path = address.strip_prefix(&deployment.url("")).expect("an address of this server");
    assert!(path.starts_with("/media/") && !path.contains("AC0a0a"), "{path}");
    let shown = deployment.call("GET", path).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    let header = |name: &str| shown.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/jpeg");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("cache-control").starts_with("private"));
    assert_eq!(shown.bytes().await.unwrap(), clean);
    let cut = &path[..path.len() - 1];
    for wrong in [cut, "/media/x", "/media/"] {
        assert_eq!(deployment.get(wrong).await.unwrap().status, 404, "{wrong}");
    }
    assert_eq!(deployment.call("POST", path).send().await.unwrap().status(), 405);
    deployment.twilio().hold_medium(b"BEGIN:VCARD");
    assert_eq!(deployment.get(path).await.unwrap().status, 502);
}
