//! Response to a webhook or page request.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

/// Status, headers and body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }

    pub(crate) fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap())
    }

    /// Text of a `TwiML` response, or nothing when it is empty.
    ///
    /// # Panics
    /// When the response is no `TwiML`.
    pub(crate) fn said(&self) -> Option<String> {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.content_type().starts_with("text/xml"), "{self:?}");
        let said = text_of(&self.body);
        let said = said.trim();
        (!said.is_empty()).then(|| said.to_owned())
    }
}

/// Text inside `<Response>`.
fn text_of(twiml: &str) -> String {
    let mut reader = quick_xml::Reader::from_str(twiml);
    let (mut text, mut path) = (String::new(), Vec::new());
    let mut roots = Vec::new();
    loop {
        match reader.read_event().expect("the response is well-formed XML") {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                roots.push(path[0].clone());
            }
            Event::Empty(tag) if path.is_empty() => roots.push(tag.name().as_ref().to_owned()),
            Event::End(_) => drop(path.pop()),
            Event::Text(words) => text.push_str(&words.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => text.push_str(resolve_predefined_entity(&name).expect("one of XML's five")),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(path.is_empty(), "an element is not closed: {twiml}");
    assert!(!roots.is_empty() && roots.iter().all(|root| root == "Response"), "{twiml}");
    text
}
