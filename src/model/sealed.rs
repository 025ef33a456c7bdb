//! Sealed texts: encrypted and authenticated under a key of the deployment (ChaCha20-Poly1305, RFC 8439).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Key of sealed texts. Each purpose has a key of its own, so that a text of one purpose never opens as
/// one of another.
#[derive(Clone)]
pub struct SealKey(LessSafeKey);

impl SealKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals bytes; the result is safe in URLs and JSON, and different each time.
    pub fn seal(&self, plain: &[u8]) -> String {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).expect("the operating system gives random bytes");
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut sealed,
            )
            .expect("a text is shorter than 256 GiB");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) has made; `None` for anything else.
    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let (nonce, mut sealed) = (Nonce::try_assume_unique_for_key(nonce).ok()?, sealed.to_vec());
        let plain = self.0.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::SealKey;

    #[test]
    fn sealed_text_opens_under_its_own_key_and_unchanged_only() {
        let (one, other) = (SealKey::new(&[1; 32]), SealKey::new(&[2; 32]));
        let sealed = one.seal(b"hello");
        assert_eq!(one.open(&sealed).unwrap(), b"hello");
        assert_ne!(sealed, one.seal(b"hello"));
        assert_eq!(other.open(&sealed), None);
        for damaged in ["", "A", "!", &sealed[..20], &format!("B{}", &sealed[1..])] {
            assert!(damaged == sealed || one.open(damaged).is_none(), "{damaged}");
        }
    }
}
