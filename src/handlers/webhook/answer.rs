//! Answers: the JSON that an app responds with.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::items::{Item, Read};

/// Answer of an app. Every part of it is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) replies: Vec<Read<Reply>>,
    pub(super) sends: Vec<Read<Send>>,
    /// New state; absent when it stays as it is.
    #[serde(deserialize_with = "present")]
    pub(super) state: Option<Value>,
    pub(super) timers: Vec<Read<NewTimer>>,
    #[serde(with = "humantime_serde::option")]
    pub(super) pause: Option<Duration>,
    pub(super) decline: bool,
}

impl Item for Answer {}

/// Text to the person whom the request is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) media: Vec<Read<NewMedia>>,
}

impl Item for Reply {
    const EXPECTED: &'static str = "a text or an object";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self { text: text.to_owned(), media: Vec::new() })
    }
}

/// Text to anybody.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) to: Read<To>,
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) media: Vec<Read<NewMedia>>,
}

impl Item for Send {}

/// Recipient. The transport and the line are those of the request when they are absent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct To {
    pub(super) transport: Option<String>,
    pub(super) identity: String,
    pub(super) line: Option<String>,
}

impl Item for To {
    const EXPECTED: &'static str = "a text or an object";

    fn of_text(identity: &str) -> Option<Self> {
        Some(Self { transport: None, identity: identity.to_owned(), line: None })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMedia {
    pub(super) url: String,
    #[serde(default)]
    pub(super) content_type: String,
}

impl Item for NewMedia {
    const EXPECTED: &'static str = "a URL or an object";

    fn of_text(url: &str) -> Option<Self> {
        Some(Self { url: url.to_owned(), content_type: String::new() })
    }
}

/// Timer to set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTimer {
    #[serde(with = "humantime_serde")]
    pub(super) after: Duration,
    pub(super) name: String,
    #[serde(default)]
    pub(super) data: Value,
}

impl Item for NewTimer {}

/// Reads a value that is there, `null` being one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Answer {
    /// Reads the body of a response. An empty one asks for nothing.
    ///
    /// # Errors
    /// The place and the kind of the first defect. It quotes no value, which may be a text or a number.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let Read(answer) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let place = place(error.path());
            let error = error.into_inner();
            format!("{place}{} (line {}, column {})", kind(&error), error.line(), error.column())
        })?;
        json.end().map_err(|error| format!("has more after its end, on line {}", error.line()))?;
        Ok(answer)
    }
}

/// Path of a defect, in front of its kind.
fn place(path: &serde_path_to_error::Path) -> String {
    let mut segments = path.iter();
    match segments.next() {
        None => String::new(),
        // Below it everything is the app's own.
        Some(Segment::Map { key }) if key == "state" => "state: ".to_owned(),
        Some(_) => format!("{path}: "),
    }
}

/// Kind of a defect: the parser's words without the value that they quote.
fn kind(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(before, _)| before);
    if error.is_syntax() || error.is_eof() {
        return format!("is no JSON: {message}");
    }
    let is_about_a_key = ["unknown field", "missing field", "duplicate field"];
    if is_about_a_key.iter().any(|beginning| message.starts_with(beginning)) {
        return message.to_owned();
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("is not {expected}"),
        None => "cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_part_of_an_answer_is_read() {
        let json = r#" {"replies": ["a", {"text": "b", "media": ["https://e.example/1"]}],
            "sends": [{"to": "+1", "text": "c"}, {"to": {"identity": "+2"}, "text": "d"}],
            "state": null, "timers": [{"after": "5m", "name": "n", "data": [1]}],
            "pause": "30s", "decline": true} "#;
        let answer = Answer::read(json.as_bytes()).unwrap();
        let texts: Vec<_> = answer.replies.iter().map(|reply| reply.0.text.as_str()).collect();
        assert_eq!(texts, ["a", "b"]);
        assert_eq!(answer.replies[1].0.media[0].0.url, "https://e.example/1");
        assert_eq!(answer.sends[1].0.to.0.identity, "+2");
        assert_eq!(answer.state, Some(Value::Null));
        assert_eq!(answer.timers[0].0.after, Duration::from_mins(5));
        assert_eq!((answer.pause, answer.decline), (Some(Duration::from_secs(30)), true));
        for empty in ["", " \r\n", "{}"] {
            assert_eq!(Answer::read(empty.as_bytes()).unwrap().state, None);
        }
    }

    #[rstest]
    #[case(r#"{"replies": "hi"}"#, "replies: is not a sequence")]
    #[case(r#"{"replies": [7]}"#, "replies[0]: is not a text or an object")]
    #[case(r#"{"replies": [["hi"]]}"#, "replies[0]: is not a text or an object")]
    #[case(
        r#"{"replies": ["a", {"txet": "b"}]}"#,
        "replies[1].txet: unknown field `txet`, expected"
    )]
    #[case(r#"{"replies": [{"text": 5}]}"#, "replies[0].text: is not a string")]
    #[case(r#"{"reply": []}"#, "reply: unknown field `reply`")]
    #[case(r#"{"sends": [{"text": "hi"}]}"#, "sends[0]: missing field `to`")]
    #[case(r#"{"sends": ["hi"]}"#, "sends[0]: is not an object")]
    #[case(r#"{"timers": [{"after": 5, "name": "n"}]}"#, "timers[0].after: is not a duration")]
    #[case(r#"{"timers": [{"after": "soon", "name": "n"}]}"#, "timers[0].after: is not a duration")]
    #[case(r#"{"pause": "-1s"}"#, "pause: ")]
    #[case(r#"{"decline": "yes"}"#, "decline: is not a boolean")]
    #[case(r#"{"state": 1, "state": 2}"#, "duplicate field `state`")]
    #[case("[]", "is not an object")]
    #[case("null", "is not an object")]
    #[case("\"secret\"", "is not an object")]
    #[case("Hello", "is no JSON: expected value")]
    #[case(r#"{"replies": ["hi""#, "replies: is no JSON: EOF")]
    #[case(r#"{} {}"#, "has more after its end")]
    #[case(r#"{"state": 1e999}"#, "number out of range")]
    fn defect_is_named_with_its_place(#[case] json: &str, #[case] expected: &str) {
        let problem = Answer::read(json.as_bytes()).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }

    #[test]
    fn defect_quotes_no_value() {
        let values = [
            "{\"replies\": \"+14155550101\"}",
            "{\"pause\": \"+14155550101\"}",
            "\"+14155550101\"",
        ];
        for json in values {
            let problem = Answer::read(json.as_bytes()).unwrap_err();
            assert!(!problem.contains("4155550101"), "{problem}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let deep = format!("{{\"state\": {}", "[".repeat(200_000));
        let problem = Answer::read(deep.as_bytes()).unwrap_err();
        assert!(problem.starts_with("state: is no JSON: recursion limit exceeded"), "{problem}");
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Answer::read(&body);
        }
    }
}
