//! What can be written, and what is said of what cannot.

use crosswire::tester::script::Script;
use rstest::rstest;

use super::{names, play, services};

/// As the documents of the original show them, but for what its apps say.
#[tokio::test]
async fn scripts_of_the_original_grammar_run_unchanged() {
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
    assert_eq!(play(&format!("topic echo\nstrict\n{script}")).await, Ok(()));
}

#[tokio::test]
async fn a_text_of_several_lines_is_said_and_heard_as_it_is() {
    let script = "topic echo\nstrict\n\
        1 > echo one\n| two\n|\n|   four |\n| five ||\n| < six >\n\
        1 < one\n| two\n|\n|   four |\n| five ||\n| < six >\n\
        1 >\n| echo seven |\n\
        1 <\n| seven |";
    assert_eq!(play(script).await, Ok(()));
    let found = play("topic echo\n1 > echo one\n|  two |\n1 < no").await.unwrap_err().to_string();
    assert!(found.contains("Received text: one\n two \nExpected"), "{found}");
}

#[rstest]
#[case(
    "connect",
    "this is no line of a script; write NUM > TEXT, NUM < TEXT or one of ours: known:"
)]
#[case("agian 1", "or one of ours: did you mean again? known: topic, attach, again, advance")]
#[case("> hello", "there is no number; write NUM > TEXT or NUM < TEXT")]
#[case("1@2008041507 > hello", "\"2008041507\" is no date; write NUM@YYYYMMDDHHMM")]
#[case("1@200813150730 < hello", "\"200813150730\" is no date; write NUM@YYYYMMDDHHMM")]
#[case("| more", "there is no text above that this could be a line of; write it below")]
#[case("topic ehco", "there is no topic \"ehco\"; did you mean echo? known: roulette, echo")]
#[case("topic", "this cannot be read; write topic NAME")]
#[case("strict now", "this cannot be read; write strict, and nothing behind it")]
#[case("attach https://e.com/a", "this cannot be read; write attach URL TYPE, such as")]
#[case("advance", "this cannot be read; write advance TIME, such as")]
#[case("advance soon", "\"soon\" is no time; write one such as 90s, 2m, 1h 30m or 7days")]
#[case("provider lost", "there is no state \"lost\"; did you mean lossy? known: ok, failing")]
#[case("phone 1", "this cannot be read; write phone NUM STATE")]
#[case("again 1", "1 has sent nothing yet; write 1 > TEXT somewhere above")]
#[case("failed 1 soon", "\"soon\" is no code; write a number such as 30003")]
fn a_line_that_nobody_could_follow_is_named_with_the_fix(#[case] line: &str, #[case] said: &str) {
    let topics = names(&services());
    let found = Script::parse("bad", &format!("# One\n{line}"), &topics).unwrap_err().to_string();
    assert!(found.starts_with("bad:2: ") && found.contains(said), "{found}");
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn all_mistakes_are_found_at_once_and_a_line_that_is_below_one_is_none() {
    let text = "1@soon > hello\n| there\n\n2 > hello\nnonsense\n| there\nagain 2\n  topic x";
    let found = Script::parse("bad", text, &names(&services())).unwrap_err();
    let lines: Vec<usize> = found.0.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [1, 5, 8], "{found}");
}
