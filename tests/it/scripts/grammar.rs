//! The grammar of scripts, and the errors for lines outside it.

use crosswire::tester::script::Script;
use rstest::rstest;

use super::{names, run, services};

/// The examples of `RapidSMS`' documentation, with the replies of the echo handler.
#[tokio::test]
async fn scripts_of_rapidsms_run_unchanged() {
    let script = "
        1112223333 > echo other-app-should-catch
                        1112223333 < other-app-should-catch

                        # A comment.
                        1112223333 > uncaught-message-test
                        1112223333 < To echo some text, send: ECHO <ANYTHING>
        8005551212 > ECHO 1 < 2 > 3
        8005551212 < 1 < 2 > 3
        1112223333@200804150730>ping
        1112223333@200804150730<pong
        \t+1 (415) 555-0101  >  ping  \r
        +1 (415) 555-0101 < pong
        alice > ping
        alice < pong
    ";
    assert_eq!(run(&format!("topic echo\nstrict\n{script}")).await, Ok(()));
}

#[tokio::test]
async fn multi_line_texts_are_sent_and_compared_exactly() {
    let script = "topic echo\nstrict\n\
        1 > echo one\n| two\n|\n|   four |\n| five ||\n| < six >\n\
        1 < one\n| two\n|\n|   four |\n| five ||\n| < six >\n\
        1 >\n| echo seven |\n\
        1 <\n| seven |";
    assert_eq!(run(script).await, Ok(()));
    let found = run("topic echo\n1 > echo one\n|  two |\n1 < no").await.unwrap_err().to_string();
    assert!(found.contains("Received text: one\n two \nExpected"), "{found}");
}

#[rstest]
#[case("connect", "unknown command; write NUM > TEXT, NUM < TEXT or a command: known:")]
#[case("agian 1", "or a command: did you mean again? known: topic, attach, again, advance")]
#[case("> hello", "there is no number; write NUM > TEXT or NUM < TEXT")]
#[case("1@2008041507 > hello", "\"2008041507\" is no date; write NUM@YYYYMMDDHHMM")]
#[case("1@200813150730 < hello", "\"200813150730\" is no date; write NUM@YYYYMMDDHHMM")]
#[case("| more", "there is no text above that this could continue; write it below")]
#[case("topic ehco", "there is no topic \"ehco\"; did you mean echo? known: roulette, echo")]
#[case("topic", "wrong arguments; write topic NAME")]
#[case("strict now", "wrong arguments; write strict, alone on its line")]
#[case("attach https://e.com/a", "wrong arguments; write attach URL TYPE, such as")]
#[case("advance", "wrong arguments; write advance TIME, such as")]
#[case("advance soon", "\"soon\" is no time; write one such as 90s, 2m, 1h 30m or 7days")]
#[case("provider lost", "there is no fault \"lost\"; did you mean lossy? known: ok, failing")]
#[case("phone 1", "wrong arguments; write phone NUM FAULT")]
#[case("again 1", "1 has sent nothing yet; write 1 > TEXT somewhere above")]
#[case("failed 1 soon", "\"soon\" is no code; write a number such as 30003")]
fn invalid_line_is_reported_with_the_fix(#[case] line: &str, #[case] expected: &str) {
    let topics = names(&services());
    let found = Script::parse("bad", &format!("# One\n{line}"), &topics).unwrap_err().to_string();
    assert!(found.starts_with("bad:2: ") && found.contains(expected), "{found}");
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn all_errors_are_reported_at_once_without_their_continuation_lines() {
    let text = "1@soon > hello\n| there\n\n2 > hello\nnonsense\n| there\nagain 2\n  topic x";
    let found = Script::parse("bad", text, &names(&services())).unwrap_err();
    let lines: Vec<usize> = found.0.iter().map(|error| error.line).collect();
    assert_eq!(lines, [1, 5, 8], "{found}");
}
