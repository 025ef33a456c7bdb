//! Many simultaneous senders.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::ROULETTE;
use super::texts::CONNECTED;
use crate::support::twilio::Message;
use crate::support::{PATIENCE, Phone, Setup};

#[tokio::test]
async fn sixteen_simultaneous_connects_become_eight_pairs() {
    let deployment = Setup::new(ROULETTE).own_redis().workers(2).start().await;
    let phones: Vec<Phone<'_>> =
        (0..16).map(|n| deployment.phone(&format!("+141555502{n:02}"), "/sms")).collect();
    join_all(phones.iter().map(|phone| phone.text("connect"))).await;
    deployment
        .twilio()
        .wait_until(PATIENCE, |sent| sent.iter().filter(|m| m.body == CONNECTED).count() == 16)
        .await;
    let probe = async |number: usize| phones[number].text(&format!("probe of {number}")).await;
    join_all((0..16).map(probe)).await;
    let sent = deployment
        .twilio()
        .wait_until(PATIENCE, |sent| sent.iter().filter(|m| m.body.contains("probe")).count() == 16)
        .await;
    let mut partners = BTreeMap::new();
    for message in sent.iter().filter(|message| message.body.contains("probe")) {
        let by: usize = message.body.strip_prefix("Stranger: probe of ").unwrap().parse().unwrap();
        let to = phones.iter().position(|phone| phone.number() == message.to).unwrap();
        assert_eq!(partners.insert(by, to), None, "two people received the text of one");
    }
    for (one, other) in &partners {
        assert_ne!(one, other, "a person is paired with themself");
        assert_eq!(partners[other], *one, "pairing is symmetric");
    }
    phones[0].text("stats").await;
    let counted = "Waiting: 0. Chatting: 16. Pairs today: 8. ";
    let told = |sent: &[Message]| sent.iter().any(|message| message.body.starts_with(counted));
    deployment.twilio().wait_until(PATIENCE, told).await;
}
