//! Export of a board as a script that expects the same replies.

use std::fmt::Write as _;
use std::time::Duration;

use crosswire::contracts::storage::FeedCursor;
use crosswire::tester::BoardEntry;
use crosswire::tester::script::{Failures, START, Script, ScriptHarness, export};
use proptest::prelude::*;

use super::{names, services};

/// Runs a script, and returns the board after it.
async fn board_after(script: &str) -> (Result<(), Failures>, Vec<(FeedCursor, BoardEntry)>) {
    let services = services();
    let mut harness = ScriptHarness::embedded(&services).await.unwrap();
    let script = Script::parse("a", script, &names(&services)).unwrap();
    let outcome = script.run(&mut harness, None, false).await;
    (outcome, harness.board().read(None, Duration::ZERO).await.unwrap())
}

#[tokio::test]
async fn export_writes_dates_pauses_topics_media_and_redeliveries() {
    let source = "\
        1@202601312200 > connect
        advance 90s
        2 > connect
        again 2
        attach https://e.com/a image/png
        1 > Two
        | lines
        topic echo
        2 > ping";
    let (_, records) = board_after(source).await;
    let expected = "\
strict
topic roulette
1@202601312200 > connect
1 < Please wait, you will be connected to a random person...
advance 1m 30s
2 > connect
1 < You're now connected to a random stranger!
2 < You're now connected to a random stranger!
again 2
attach https://e.com/a image/png
1 > Two
| lines
attach https://e.com/a image/png
2 < Stranger: Two
| Stranger: lines
topic echo
2 > ping
2 < pong
";
    let mut script = export(records);
    // The order of the two replies is not defined.
    let pair = "1 < You're now connected to a random stranger!\n2 < You're now connected to a random stranger!";
    let reversed = "2 < You're now connected to a random stranger!\n1 < You're now connected to a random stranger!";
    script = script.replace(reversed, pair);
    assert_eq!(script, expected);
}

#[tokio::test]
async fn exported_faults_have_the_same_effects() {
    let source = "\
        phone 3 failing
        phone 4 lossy
        phone 3 ok
        1 > connect
        2 > connect
        phone 2 undeliverable
        1 > Hello?
        provider opted_out
        1 > connect";
    let (_, records) = board_after(source).await;
    let script = export(records);
    for expected in [
        "strict\nphone 4 lossy\ntopic roulette\n1 > connect\n",
        "phone 2 undeliverable\n1 > Hello?\n1 < Your peer disconnected.\n",
        "provider opted_out\n1 > connect\n",
    ] {
        assert!(script.contains(expected), "{script}");
    }
    let (outcome, again) = board_after(&script).await;
    assert_eq!(outcome, Ok(()), "{script}");
    assert_eq!(export(again), script);
}

#[tokio::test]
async fn cleared_messages_are_not_exported() {
    let (_, mut records) = board_after("topic echo\n1 > ping\n2 > ping").await;
    let mut clear = |number| {
        let place = records.last().unwrap().0.clone();
        records.push((place, BoardEntry::Cleared { number, at: START }));
        export(records.clone())
    };
    let one = Some(crosswire::model::address::Identity::new("1"));
    assert_eq!(clear(one), "strict\ntopic echo\n2 > ping\n2 < pong\n");
    assert_eq!(clear(None), "strict\n");
}

/// An arbitrary action, as a line of a script.
fn action() -> impl Strategy<Value = String> {
    let (who, who_else) = (1..5u8, 1..5u8);
    let state = prop_oneof![Just("undeliverable"), Just("opted_out"), Just("ok")];
    // No `call`: each run has a code of its own.
    let word = prop_oneof![
        Just("connect"),
        Just("refresh"),
        Just("disconnect"),
        Just("stats"),
        Just("stop"),
        Just("shit")
    ];
    // A text behind bars may begin and end with any character.
    let text = "[ a<>|#\\t\\r\u{85}é]{0,6}(\n[ a|#\\r]{0,4}){0,2}";
    let behind_bars = |text: String| {
        text.split('\n').fold(String::new(), |mut lines, line| {
            write!(lines, "\n| {line}|").unwrap();
            lines
        })
    };
    prop_oneof![
        6 => (who.clone(), word).prop_map(|(who, word)| format!("{who} > {word}")),
        6 => (who.clone(), text).prop_map(move |(who, text)| format!("{who} >{}", behind_bars(text))),
        1 => (who.clone(), "[a<> ]{0,9}").prop_map(|(who, text)| {
            format!("attach https://e.com/a image/png\n{who} > {text}")
        }),
        1 => who.prop_map(|who| format!("{who} > again\nagain {who}")),
        2 => (1..100_000u32).prop_map(|seconds| format!("advance {seconds}s")),
        1 => (who_else, state).prop_map(|(who, state)| format!("phone {who} {state}")),
        1 => prop_oneof![Just("topic echo"), Just("topic roulette")].prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn export_of_any_run_passes(actions in prop::collection::vec(action(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // The export starts at a whole minute, as this run does, so that both have the same
            // days.
            let source = format!("1 > hello\n{}", actions.join("\n"));
            let (_, records) = board_after(&source).await;
            let script = export(records);
            let (outcome, again) = board_after(&script).await;
            prop_assert_eq!(outcome, Ok(()), "{}", script);
            prop_assert_eq!(export(again), script);
            Ok(())
        })?;
    }
}
