//! The answer to a webhook, in Twilio's XML.

use crate::contracts::transport::WebhookResponse;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// Twilio reads 64 kB of an answer; the tags around the text take the rest.
const TEXT_BYTES: usize = 63_000;

pub(super) fn answer(text: Option<&str>) -> WebhookResponse {
    let text = text.map(escaped).filter(|text| !text.is_empty());
    let body = text.map_or_else(
        || format!("{DECLARATION}<Response/>"),
        |text| format!("{DECLARATION}<Response><Message><Body>{text}</Body></Message></Response>"),
    );
    WebhookResponse { status: 200, content_type: Some("text/xml; charset=utf-8"), body }
}

/// The text as XML content. What XML 1.0 cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for character in text.chars().filter(|character| is_legal(*character)) {
        let before = xml.len();
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            // A parser makes a line feed of a plain one.
            '\r' => xml.push_str("&#13;"),
            plain => xml.push(plain),
        }
        if xml.len() > TEXT_BYTES {
            xml.truncate(before);
            break;
        }
    }
    xml
}

/// The `Char` production of XML 1.0.
fn is_legal(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;

    /// What an XML parser reads between the tags, and the tags.
    fn parsed(xml: &str) -> (String, Vec<String>) {
        let mut reader = Reader::from_str(xml);
        let (mut text, mut tags) = (String::new(), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) | Event::Empty(tag) => tags.push(tag.name().as_ref().to_owned()),
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                    Some(character) => text.push(character),
                    None => text.push_str(match &*reference {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        "quot" => "\"",
                        "apos" => "'",
                        other => panic!("an unknown entity: {other}"),
                    }),
                },
                Event::Eof => return (text, tags),
                Event::Decl(_) | Event::End(_) => (),
                other => panic!("nothing else may stand in an answer: {other:?}"),
            }
        }
    }

    #[test]
    fn nothing_to_say_is_an_empty_response() {
        for silent in [None, Some(""), Some("\0\u{1}\u{fffe}")] {
            let answer = answer(silent);
            assert_eq!(answer.body, r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#);
            assert_eq!(answer.content_type, Some("text/xml; charset=utf-8"));
            assert_eq!(answer.status, 200);
        }
    }

    #[test]
    fn a_text_that_looks_like_twiml_stays_a_text() {
        let hostile = "]]></Body></Message><Redirect>http://x</Redirect><!-- &lt; \r\n";
        let (text, tags) = parsed(&answer(Some(hostile)).body);
        assert_eq!(text, hostile);
        assert_eq!(tags, ["Response", "Message", "Body"]);
    }

    #[test]
    fn an_answer_stays_under_what_twilio_reads() {
        let answer = answer(Some(&"<é".repeat(60_000)));
        assert!(answer.body.len() < 64_000);
        assert!(parsed(&answer.body).0.starts_with("<é<é"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn reading_an_answer_back_gives_every_legal_character(
            text in proptest::collection::vec(any::<char>(), 0..200),
        ) {
            let legal: String = text.iter().filter(|it| is_legal(**it)).collect();
            let (read, _) = parsed(&answer(Some(&String::from_iter(text))).body);
            prop_assert_eq!(read, legal);
        }
    }

    #[test]
    fn exactly_the_characters_that_xml_forbids_are_left_out() {
        let left_out = ('\0'..=char::MAX).filter(|it| !is_legal(*it)).collect::<Vec<_>>();
        let forbidden = ('\0'..' ').filter(|it| !"\t\n\r".contains(*it));
        assert_eq!(left_out, forbidden.chain(['\u{fffe}', '\u{ffff}']).collect::<Vec<_>>());
    }
}
