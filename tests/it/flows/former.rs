//! Former addresses, which name a transport and no topic.

use crate::support::Setup;

const TWO: &str = r#"
    [topics.first]
    handler = "echo"
    accept_response = "The first."
    [topics.second]
    handler = "echo"
    accept_response = "The second."
"#;

#[tokio::test]
async fn former_address_reaches_the_first_topic_of_its_transport() {
    let deployment = Setup::new(TWO).own_redis().start().await;
    let paths = [
        "/backend/twilio/",
        "/backend/twilio",
        "/backend/twilio/?a=%27b",
        "/backend/twilio/delivery-report/",
        "/backend/twilio/delivery-report",
        "/http/twilio/",
        "/http/twilio",
    ];
    for (count, path) in (1..).zip(paths) {
        let phone = deployment.phone("+14155550101", path);
        assert_eq!(phone.text("hello").await.said().as_deref(), Some("The first."), "{path}");
        assert_eq!(phone.wait_for(count).await.len(), count, "{path}");
    }
}

#[tokio::test]
async fn former_address_of_no_transport_is_not_found_and_lists_nothing() {
    let deployment = Setup::new(TWO).own_redis().start().await;
    let nothing = deployment.get("/no/such/path").await.unwrap();
    for path in [
        "/backend/",
        "/backend/twilo/",
        "/backend/first/",
        "/backend/twilio/more",
        "/backend/twilio/delivery-report/more",
        "/backend/websocket/",
        "/http/%00/",
        "/http/twilio/delivery-report/",
        "/backend//",
    ] {
        let answer = deployment.get(path).await.unwrap();
        assert_eq!((answer.status, &answer.body), (404, &nothing.body), "{path}");
    }
}

#[tokio::test]
async fn former_address_takes_no_forgery() {
    let deployment = Setup::new(TWO).own_redis().start().await;
    let call = deployment.call("POST", "/backend/twilio/").form(&[("Body", "hi")]);
    assert_eq!(call.send().await.unwrap().status(), 403);
}
