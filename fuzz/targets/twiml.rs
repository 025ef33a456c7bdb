//! A text that is answered is the text that a parser of XML reads, without what XML forbids.

#![no_main]

use crosswire::contracts::transport::Transport;
use crosswire_fuzz::twilio;
use libfuzzer_sys::fuzz_target;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

fn kept(text: &str) -> String {
    let is_kept =
        |c: &char| !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().filter(is_kept).collect()
}

/// Text of the elements.
fn read(twiml: &str) -> String {
    let (mut reader, mut text) = (Reader::from_str(twiml), String::new());
    loop {
        match reader.read_event().expect("the answer is well-formed") {
            Event::Text(words) => text.push_str(&words.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().expect("a character") {
                Some(character) => text.push(character),
                None => text.push_str(resolve_predefined_entity(&name).expect("one of XML's five")),
            },
            Event::Eof => return text,
            _ => {}
        }
    }
}

fuzz_target!(|text: &str| {
    let answer = twilio().answer(Some(text));
    assert_eq!(kept(&read(&answer.body)), kept(text));
});
