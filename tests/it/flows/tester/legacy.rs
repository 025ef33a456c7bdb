//! Messages that programs post to `RapidSMS`' addresses of the tester.

use super::{ANNA, TOPICS, dev};
use crate::support::{Answer, Deployment, Live, Setup};

async fn submit(deployment: &Deployment, path: &str, fields: &[(&str, &str)]) -> Answer {
    let call = deployment.call("POST", path).form(fields);
    Answer::read(call.send().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn posted_message_is_answered_ok_and_reaches_the_topic() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    for (path, number, word) in [
        ("/httptester/strict/", ANNA, "one"),
        ("/httptester/strict", ANNA, "two"),
        ("/httptester/strict/14155550102/", ANNA, "three"),
    ] {
        let text = format!("echo {word}");
        let answer = submit(&deployment, path, &[("identity", number), ("text", &text)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "OK"), "{path}");
        live.until_arrived(number, word).await;
    }
    let answer =
        submit(&deployment, "/httptester/strict/1112223333/", &[("text", "echo four")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
    live.until_arrived("1112223333", "four").await;
}

#[tokio::test]
async fn backend_is_a_topic_a_transport_or_the_tester() {
    let topics = TOPICS.replace("[topics.strict]", "[topics.strict]\ntransport = \"websocket\"");
    let deployment = Setup::dev(&topics).embedded().start().await;
    let form = [("identity", "1112223333"), ("text", "hello")];
    for (path, topic) in [
        ("/httptester/roulette/", "roulette"),
        ("/httptester/twilio/", "roulette"),
        ("/httptester/httptester/", "roulette"),
        ("/httptester/strict/", "strict"),
        ("/httptester/websocket/", "strict"),
    ] {
        assert_eq!(submit(&deployment, path, &form).await.status, 200, "{path}");
        let board = deployment.get("/tester/script").await.unwrap().body;
        assert!(board.contains(topic), "{path}: {board}");
    }
}

#[tokio::test]
async fn other_posts_are_refused() {
    let deployment = dev().await;
    let form = [("identity", "1112223333"), ("text", "hello")];
    for (path, form, status) in [
        ("/httptester/nothing/", &form[..], 404),
        ("/httptester/strict/1112223333/more", &form[..], 404),
        ("/httptester/", &form[..], 404),
        ("/httptester/strict/", &[("identity", "12a"), ("text", "hello")], 400),
        ("/httptester/strict/", &[("text", "hello")], 400),
    ] {
        assert_eq!(submit(&deployment, path, form).await.status, status, "{path} {form:?}");
    }
    let put = deployment.call("PUT", "/httptester/strict/").send().await.unwrap();
    assert_eq!(put.status(), 405);
    let json = deployment.call("POST", "/httptester/strict/").json(&form).send().await.unwrap();
    assert_eq!(json.status(), 415);
}
