//! A form that the account has signed is read or refused, never taken for forged.

#![no_main]

use crosswire::contracts::transport::{ReceiveError, Transport};
use crosswire_fuzz::{signed_request, twilio};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|form: &str| {
    let query = format!("/in?{}", form.replace('#', ""));
    for request in [signed_request("/in", Some(form)), signed_request(&query, None)] {
        let received = twilio().receive(&request);
        assert!(!matches!(received, Err(ReceiveError::Forged { .. })), "{request:?}");
    }
});
