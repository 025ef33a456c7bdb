//! `TwiML`, the XML of a webhook response.

use crate::contracts::transport::WebhookResponse;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// Largest text in bytes. Twilio reads 64 kB of a response; the tags take the rest.
const MAX_TEXT_BYTES: usize = 63_000;

pub(super) fn answer(text: Option<&str>) -> WebhookResponse {
    let text = text.map(escaped).filter(|text| !text.is_empty());
    let body = text.map_or_else(
        || format!("{DECLARATION}<Response/>"),
        |text| format!("{DECLARATION}<Response><Message><Body>{text}</Body></Message></Response>"),
    );
    WebhookResponse { status: 200, content_type: Some("text/xml; charset=utf-8"), body }
}

/// Escapes a text as XML content. Characters that XML 1.0 cannot represent are left out.
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
            // A parser would turn a plain carriage return into a line feed.
            '\r' => xml.push_str("&#13;"),
            plain => xml.push(plain),
        }
        if xml.len() > MAX_TEXT_BYTES {
            xml.truncate(before);
            break;
        }
    }
    xml
}

/// Returns whether a character is a `Char` of XML 1.0.
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

    /// Text that an XML parser reads, and the names of the tags.
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
                        other => panic!("unknown entity: {other}"),
                    }),
                },
                Event::Eof => return (text, tags),
                Event::Decl(_) | Event::End(_) => (),
                other => panic!("unexpected in a response: {other:?}"),
            }
        }
    }

    #[test]
    fn response_without_text_is_empty() {
        for silent in [None, Some(""), Some("\0\u{1}\u{fffe}")] {
            let answer = answer(silent);
            assert_eq!(answer.body, r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#);
            assert_eq!(answer.content_type, Some("text/xml; charset=utf-8"));
            assert_eq!(answer.status, 200);
        }
    }

    #[test]
    fn text_that_looks_like_twiml_stays_text() {
        let hostile = "]]></Body></Message><Redirect>http://x</Redirect><!-- &lt; \r\n";
        let (text, tags) = parsed(&answer(Some(hostile)).body);
        assert_eq!(text, hostile);
        assert_eq!(tags, ["Response", "Message", "Body"]);
    }

    #[test]
    fn response_stays_below_the_size_that_twilio_reads() {
        let answer = answer(Some(&"<é".repeat(60_000)));
        assert!(answer.body.len() < 64_000);
        assert!(parsed(&answer.body).0.starts_with("<é<é"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn parsed_response_has_every_legal_character(
            text in proptest::collection::vec(any::<char>(), 0..200),
        ) {
            let legal: String = text.iter().filter(|it| is_legal(**it)).collect();
            let (read, _) = parsed(&answer(Some(&String::from_iter(text))).body);
            prop_assert_eq!(read, legal);
        }
    }

    #[test]
    fn characters_that_xml_forbids_are_left_out() {
        let left_out = ('\0'..=char::MAX).filter(|it| !is_legal(*it)).collect::<Vec<_>>();
        let forbidden = ('\0'..' ').filter(|it| !"\t\n\r".contains(*it));
        assert_eq!(left_out, forbidden.chain(['\u{fffe}', '\u{ffff}']).collect::<Vec<_>>());
    }
}
