//! Genuine messages from senders whose names have a meaning elsewhere.

use super::super::texts::CONNECTED;
use super::ROULETTE;
use crate::support::Setup;

/// Names of keys and mailboxes, and code of languages that a name could be inserted into. The provider
/// refuses to send to any of them.
const NAMES: [&str; 7] = [
    "waiting",
    "@lobby",
    "{roulette:0}in:ready",
    "{roulette:1}",
    "<Message>x</Message>",
    "'; FLUSHALL; --",
    "%2B14155550101",
];

#[tokio::test]
async fn unusual_sender_names_change_nothing_for_others() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let anna = deployment.phone("+14155550101", "/sms");
    let ben = deployment.phone("+14155550102", "/sms");
    for phone in [&anna, &ben] {
        assert_eq!(phone.text("connect").await.said(), None);
        phone.wait_for(1).await;
    }
    anna.wait_for(2).await;
    for name in NAMES {
        let stranger = deployment.phone(name, "/sms");
        for text in ["a text without a chat", "call", "connect", "disconnect"] {
            assert_eq!(stranger.text(text).await.said(), None, "{name}");
        }
    }
    anna.text("are you still there").await;
    assert_eq!(ben.wait_for(2).await, [CONNECTED, "Stranger: are you still there"]);
    assert_eq!(anna.inbox().len(), 2);
}
