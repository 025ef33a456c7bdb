//! Parameters of a verified request, as text.

use std::borrow::Cow;
use std::str;

use super::form::Pair;
use crate::contracts::transport::ReceiveError;

/// Most parameters of a query or a form. Twilio sends around thirty, and some dozens for the rich
/// messages of other channels.
pub(super) const MAX_PAIRS: usize = 200;

/// Names of the message id. The last two are older and carry the same value.
const ID_NAMES: [&str; 3] = ["MessageSid", "SmsMessageSid", "SmsSid"];

/// Parameters in order of arrival. A name that is read as a field occurs at most once.
pub(super) struct Fields<'f>(Vec<(Cow<'f, str>, Cow<'f, str>)>);

impl<'f> Fields<'f> {
    pub(super) fn read(pairs: Vec<Pair<'f>>) -> Result<Self, ReceiveError> {
        pairs
            .into_iter()
            .map(|(name, value)| Some((text(name)?, text(value)?)))
            .collect::<Option<_>>()
            .map(Self)
            .ok_or_else(|| malformed("a parameter is not UTF-8; encode it as UTF-8"))
    }

    /// Value of a parameter, verbatim. A name that occurs twice is an error, since either value would
    /// be a guess.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, ReceiveError> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.as_ref());
        if values.next().is_some() {
            return Err(malformed(&format!("{name} is sent twice; send it once")));
        }
        Ok(value)
    }

    /// Value of a parameter like [`Fields::one`], with an empty value as none.
    pub(super) fn filled(&self, name: &str) -> Result<Option<&str>, ReceiveError> {
        Ok(self.one(name)?.filter(|value| !value.is_empty()))
    }

    /// Message id (SID), whose form is checked.
    pub(super) fn message_sid(&self) -> Result<Option<&str>, ReceiveError> {
        for name in ID_NAMES {
            if let Some(sid) = self.filled(name)? {
                return if is_message_sid(sid) {
                    Ok(Some(sid))
                } else {
                    Err(malformed(&format!("{name}: not SM or MM and 32 hexadecimal digits")))
                };
            }
        }
        Ok(None)
    }

    /// Parameters without those that `is_known` selects, in order of arrival.
    pub(super) fn without(self, is_known: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let others = self.0.into_iter().filter(|(name, _)| !is_known(name));
        others.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }
}

fn text(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

pub(super) fn malformed(sentence: &str) -> ReceiveError {
    ReceiveError::Malformed(sentence.to_owned())
}

fn is_message_sid(sid: &str) -> bool {
    let digits = sid.strip_prefix("SM").or_else(|| sid.strip_prefix("MM"));
    digits.is_some_and(|it| it.len() == 32 && it.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
