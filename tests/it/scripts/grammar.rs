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
#[case("ws: > hello", "\"ws:\" is no socket; write ws: and a name, such as ws:alice")]
#[case("open", "wrong arguments; write open ws:NAME, or open ws:NAME {\"token\": \"...\"}")]
#[case("open alice", "\"alice\" is no socket; write ws: and a name, such as ws:alice")]
#[case("open ws:a {\"<b>\"", "{\"<b>\" is no JSON object; write one such as {\"name\": \"Ann\"}")]
#[case("open ws:a [1]", "[1] is no JSON object; write one such as")]
#[case("close ws:a b", "wrong arguments; write close ws:NAME")]
#[case("close 1", "\"1\" is no socket; write ws: and a name, such as ws:alice")]
#[case("close ws:a", "ws:a has not connected yet; write open ws:a somewhere above")]
#[case("resume ws:a", "ws:a has not connected yet; write open ws:a somewhere above")]
#[case("lose ws:a", "ws:a has not connected yet; write open ws:a somewhere above")]
#[case("again ws:a", "ws:a has sent nothing yet; write ws:a > TEXT somewhere above")]
#[case("resmue ws:a", "did you mean resume? known: topic, attach")]
#[case("ws:a", "ws:a does nothing here; write ws:a > TEXT, ws:a < TEXT or ws:a closed CODE")]
#[case("ws:a closed", "ws:a does nothing here; write ws:a > TEXT, ws:a < TEXT or")]
#[case(
    "ws:a closed now",
    "\"now\" is no close code; write a number from 1000 to 4999, such as 4410"
)]
#[case("ws:a closed 5000", "\"5000\" is no close code; write a number from 1000 to 4999")]
#[case("phone ws:a failing", "ws:a is a socket; faults, reports and pictures are for phones")]
#[case("delivered ws:a", "ws:a is a socket; faults, reports and pictures are for phones")]
#[case("failed ws:a 1", "ws:a is a socket; faults, reports and pictures are for phones")]
#[case(
    "keep CODE",
    "wrong arguments; write keep NAME PATTERN, such as: keep CODE join ([A-Z0-9]+)"
)]
#[case("keep code x", "\"code\" is no name; write capital letters and digits, such as CODE")]
#[case("keep 2CODE x", "\"2CODE\" is no name; write capital letters and digits, such as CODE")]
#[case(
    "keep CODE (>",
    "\"(>\" is no regular expression (unclosed group); write one such as ([A-Z0-9]+)"
)]
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

#[rstest]
#[case("1 > join $CODE\nkeep CODE x", 1)]
#[case("1 <\n| $CODE\n| more\nkeep CODE x", 1)]
#[case("1 > ping\nopen ws:a {\"token\": \"$CODE\"}\nkeep CODE x\nkeep CODE y", 2)]
fn name_above_its_keep_is_reported_with_both_lines(#[case] text: &str, #[case] line: usize) {
    let found = Script::parse("bad", text, &names(&services())).unwrap_err().to_string();
    let keep = 1 + text.lines().position(|line| line.starts_with("keep")).unwrap();
    let expected = format!(
        "bad:{line}: $CODE is kept below, on line {keep}; move the line keep CODE above this one"
    );
    assert_eq!(found, expected);
}

#[test]
fn picture_for_a_socket_is_reported_at_the_line_of_the_socket() {
    let text = "attach https://e.com/a image/png\nws:a > ping\nws:a > ping";
    let found = Script::parse("bad", text, &names(&services())).unwrap_err().to_string();
    let expected = "bad:2: ws:a is a socket; faults, reports and pictures are for phones";
    assert_eq!(found, expected);
}

/// Lines that could be read as commands or names stay messages and texts of phones.
#[tokio::test]
async fn scripts_without_sockets_and_keeps_mean_what_they_meant() {
    let script = "topic echo\nstrict\n\
        keep > echo a\nkeep < a\nopen > ping\nopen < pong\nkeep it > ping\nkeep it < pong\n\
        1 > echo $CODE costs $5, {\"a\": 1}\n1 < $CODE costs $5, {\"a\": 1}\n\
        1 > echo {\"a\":1}\n1 < {\"a\":1}\nwsalice > ping\nwsalice < pong";
    assert_eq!(run(script).await, Ok(()));
}
