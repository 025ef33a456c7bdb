//! Scripts as a call, for the tests of a user's own app.

use crosswire::App;
use crosswire::prelude::{Inbound, Rejection};
use crosswire::tester::script::Failures;

use super::handlers::{TIMER, Timer};

fn app() -> App {
    App::new()
        .topics(&format!("{TIMER}\nvalidators.polite = \"Say please.\""))
        .handler("timer", Timer)
        .validator("polite", |message: &Inbound| {
            let is_polite = message.text.reveal() != "now";
            is_polite.then_some(()).ok_or_else(|| Rejection::new("was rude"))
        })
}

#[test]
fn added_handlers_and_validators_are_played() {
    app()
        .script("mine", "1 > 5\nadvance 5m\n1 < 5 minutes, at 00:05\n1 > now\n1 < Say please.")
        .unwrap();
}

#[tokio::test]
async fn failures_are_returned_within_a_runtime() {
    let error = app().script("mine", "1 > now\n1 < Certainly.").unwrap_err();
    let failures = error.downcast_ref::<Failures>().unwrap();
    assert_eq!((failures.0[0].script.as_str(), failures.0[0].line), ("mine", 2));
    let expected = "mine:2: Message: now\nReceived text: Say please.\nExpected text: Certainly.\n\
                    rejected: polite: was rude";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn errors_in_the_topics_are_returned() {
    let error = App::new().topics("[topics.t]\nhandler = \"ehco\"").script("a", "").unwrap_err();
    assert!(error.to_string().contains("topics: topics.t.handler: nothing is called \"ehco\""));
}

#[test]
fn app_with_topics_from_a_text_plays_scripts_only() {
    let error = app().worker(&crosswire::app::WorkerOptions::default()).unwrap_err();
    assert!(error.to_string().contains("begin with App::from_env"), "{error}");
}
