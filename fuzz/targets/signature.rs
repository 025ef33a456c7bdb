//! A request that differs from the signed one in anything that is signed is refused.

#![no_main]

use crosswire::contracts::transport::Transport;
use crosswire_fuzz::{signed_request, twilio};
use libfuzzer_sys::fuzz_target;

/// Parameters as they are signed: sorted, a repeated pair once, and without anything between names and
/// values.
fn signed(form: &str) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().map(|(name, value)| name + &value).collect()
}

fuzz_target!(|input: (&str, &str, &str)| {
    let (form, other_form, other_signature) = input;
    let mut request = signed_request("/in", Some(form));
    if signed(other_form) != signed(form) {
        let mut changed = request.clone();
        changed.body = other_form.to_owned().into();
        assert!(twilio().receive(&changed).is_err(), "{changed:?}");
    }
    if other_signature.trim() != request.headers[0].1 {
        request.headers[0].1 = other_signature.to_owned();
        assert!(twilio().receive(&request).is_err(), "{request:?}");
    }
});
