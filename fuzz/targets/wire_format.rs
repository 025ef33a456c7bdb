//! A frame of a socket is read or refused with a reason by both protocols, and a message that the queue holds
//! is read as it was written.

#![no_main]

use crosswire::contracts::transport::socket::SocketProtocol;
use crosswire::model::message::Mail;
use crosswire::transports::websocket::{Json, PlainText};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for refused in [Json { is_offered: true }.decode(text).err(), PlainText.decode(text).err()] {
        assert!(refused.is_none_or(|reason| !reason.is_empty()));
    }
    if let Ok(mail) = Mail::parse(text) {
        let written = serde_json::to_string(&mail).expect("mail is strings throughout");
        let read = Mail::parse(&written).expect("it was written by us");
        assert_eq!(read, mail, "{written}");
    }
});
