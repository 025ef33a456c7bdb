//! Texts in the answer to a webhook.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Returns the texts of a `TwiML` answer's messages, or Twilio's error code for it.
pub(super) fn texts(xml: &str) -> Result<Vec<String>, u32> {
    const UNREADABLE: u32 = 12100;
    let (mut texts, mut path): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|_| UNREADABLE)? {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                if path.len() == 2 && path[1] == "Message" {
                    texts.push(String::new());
                }
            }
            Event::End(_) => drop(path.pop()),
            Event::Text(part) if is_text(&path) => append(&mut texts, &part.xml10_content()),
            Event::CData(part) if is_text(&path) => append(&mut texts, &part.xml10_content()),
            Event::GeneralRef(part) if is_text(&path) => {
                append(&mut texts, &resolved(&part).ok_or(UNREADABLE)?);
            }
            Event::Eof => return Ok(texts.into_iter().filter(|it| !it.is_empty()).collect()),
            _ => {}
        }
    }
}

/// Returns whether an element holds the text of a message: `Message`, or `Body` in one.
fn is_text(path: &[String]) -> bool {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(names[..], ["Response", "Message"] | ["Response", "Message", "Body"])
}

fn append(texts: &mut [String], part: &str) {
    if let Some(last) = texts.last_mut() {
        last.push_str(part);
    }
}

fn resolved(reference: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    quick_xml::escape::resolve_xml_entity(reference).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_messages_are_read() {
        let xml = r#"<?xml version="1.0"?><Response><Message><Body>a &amp; b&#13;</Body></Message>
            <Redirect>no</Redirect><Message>plain</Message><Message/></Response>"#;
        assert_eq!(texts(xml).unwrap(), ["a & b\r", "plain"]);
        assert_eq!(texts("<Response/>"), Ok(vec![]));
        assert_eq!(texts("<Response></Message>"), Err(12100));
    }
}
