//! Signatures of requests to an app, in the form of the Standard Webhooks specification
//! (<https://github.com/standard-webhooks/standard-webhooks>, `spec/standard-webhooks.md`, version 1).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Beginning of a secret.
const PREFIX: &str = "whsec_";
/// Shortest and longest key in bytes, as the specification recommends them.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Key that signs requests, shared with the app that verifies them.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Parses a secret: `whsec_`, and the base64 form of 24 to 64 random bytes.
    ///
    /// # Errors
    /// A sentence with the fix, which quotes nothing of the secret.
    pub fn parse(secret: &SecretString) -> Result<Self, String> {
        let encoded = secret.expose_secret().strip_prefix(PREFIX);
        let key = encoded.and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
        let key = key.filter(|key| KEY_BYTES.contains(&key.len())).ok_or_else(|| {
            "holds no secret of this form; set it to whsec_ and what `openssl rand -base64 32` prints"
                .to_owned()
        })?;
        Ok(Self(Hmac::new_from_slice(&key).expect("HMAC takes a key of any length")))
    }

    /// Returns the value of the header `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The example of the specification's own libraries (`libraries/javascript/src/index.test.ts`).
    #[test]
    fn signature_is_the_one_of_the_specifications_example() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let signature = SigningKey::parse(&secret).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[rstest]
    #[case::without_its_prefix("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    #[case::no_base64("whsec_not a secret, but a sentence of words")]
    #[case::too_short("whsec_c2hvcnQ=")]
    #[case::empty("")]
    fn secret_of_another_form_is_refused_without_quoting_it(#[case] secret: &str) {
        let problem = SigningKey::parse(&SecretString::from(secret)).err().unwrap();
        assert!(problem.contains("openssl rand -base64 32"), "{problem}");
        assert!(secret.is_empty() || !problem.contains(secret));
    }
}
