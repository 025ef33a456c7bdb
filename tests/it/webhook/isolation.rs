//! Apps of several topics: a slow one holds up itself alone.

use serde_json::json;

use crate::support::{Behaviour, FakeApp, Setup};

#[tokio::test]
async fn slow_app_holds_up_no_other_topic() {
    let slow = FakeApp::start(|_, _| Behaviour::Hang);
    let quick = FakeApp::start(|_, request| {
        Behaviour::json(&json!({"replies": [request.json()["message"]["text"]]}))
    });
    let topic = |name: &str, app: &FakeApp| {
        format!(
            "[topics.{name}]\nhandler = \"webhook\"\naccept_response = \"\"\n\
             [topics.{name}.properties]\nurl = \"{}\"\nallow_private = true\n\
             secret_env = \"APP_SECRET\"\n",
            app.url()
        )
    };
    let topics = topic("slow", &slow) + &topic("quick", &quick);
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let deployment = Setup::new(&topics).own_redis().env("APP_SECRET", secret).start().await;
    // More people than the slow topic handles at once.
    for number in 0..20 {
        let phone = deployment.phone(&format!("+141555502{number:02}"), "/queue/slow");
        assert_eq!(phone.text("anybody there?").await.status, 200);
    }
    slow.wait_for(16);
    let begun = std::time::Instant::now();
    let phone = deployment.phone("+14155550101", "/queue/quick");
    for number in 1..=10 {
        phone.text(&number.to_string()).await;
        phone.wait_for(number).await;
    }
    let took = begun.elapsed();
    assert!(took.as_secs_f64() < 4.5, "{took:?}, as long as one request to the slow app");
    deployment.stop_worker(0, crate::support::PATIENCE);
    // The messages of the slow topic are still there, which this deployment may leave behind.
    deployment.write_topics(&topic("slow", &quick));
    deployment.start_worker(0);
    for number in 0..20 {
        let phone = deployment.phone(&format!("+141555502{number:02}"), "/queue/slow");
        assert_eq!(phone.wait_for(1).await, ["anybody there?"]);
    }
}
