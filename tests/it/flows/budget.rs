//! A budget of segments stops a topic, is shown, and is raised by an operator.

use crate::support::{PATIENCE, Setup};

const TOPIC: &str = r#"
    [topics.chat]
    handler = "echo"
    accept_response = ""
    [topics.chat.sending]
    daily_segments = 3
    countries."+44".daily_segments = 7
"#;

#[tokio::test]
async fn spent_budget_is_shown_and_resumed() {
    let deployment = Setup::new(TOPIC).own_redis().start().await;
    let phone = deployment.phone("+14155550101", "/queue/chat");
    for number in 0..5 {
        phone.text(&format!("text {number}")).await;
    }
    deployment.twilio().wait_for(3, PATIENCE).await;
    let waiting = async {
        loop {
            let readiness = deployment.get("/readyz").await.unwrap();
            if readiness.body.contains("the budget of 3 segments for today is spent") {
                assert_eq!(readiness.status, 200);
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the pause is shown");
    let shown = |arguments: &[&str]| {
        let output = deployment.crosswire(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        shown(&["budget"]),
        "chat: 3 of 3 segments spent today, 0 left\nchat +44: 0 of 7 segments spent today, 7 left\n"
    );
    assert!(shown(&["events"]).contains("held"));
    assert_eq!(deployment.twilio().count(), 3, "a hard stop");
    assert_eq!(
        shown(&["budget", "resume", "--topic", "chat", "--add", "4"]),
        "chat: 3 of 7 segments spent today (4 added), 4 left\n"
    );
    deployment.twilio().wait_for(5, PATIENCE).await;
    let unknown = ["budget", "resume", "--topic", "chat", "--country", "+1"];
    assert!(!deployment.crosswire(&unknown).status.success());
    for wrong in ["0", "4294967296"] {
        let add = ["budget", "resume", "--topic", "chat", "--add", wrong];
        assert!(!deployment.crosswire(&add).status.success(), "{wrong}");
    }
}
