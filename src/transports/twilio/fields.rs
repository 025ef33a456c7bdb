//! A genuine call's parameters, as text, each of ours at most once.

use super::form::Pair;
use crate::contracts::transport::ReceiveError;

/// Most parameters of a query or a form. Twilio sends around thirty, and some dozens for the rich
/// messages of other channels.
pub(super) const MAX_PAIRS: usize = 200;

/// Older applications know the same id by these names.
const ID_NAMES: [&str; 3] = ["MessageSid", "SmsMessageSid", "SmsSid"];

pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn read(pairs: Vec<Pair>) -> Result<Self, ReceiveError> {
        let text = |bytes| {
            String::from_utf8(bytes).map_err(|_| malformed("a parameter is not UTF-8; send it so"))
        };
        pairs
            .into_iter()
            .map(|(name, value)| Ok((text(name)?, text(value)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value, verbatim. Of a name that is sent twice one value would be a guess.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, ReceiveError> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(malformed(&format!("{name} is sent twice; send it once")));
        }
        Ok(value)
    }

    /// Like [`Fields::one`]; an empty value counts as none.
    pub(super) fn filled(&self, name: &str) -> Result<Option<&str>, ReceiveError> {
        Ok(self.one(name)?.filter(|value| !value.is_empty()))
    }

    /// The message's id at Twilio, whose shape is proved here.
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

    /// Everything but what `is_known` names, in order of arrival.
    pub(super) fn without(self, is_known: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        self.0.into_iter().filter(|(name, _)| !is_known(name)).collect()
    }
}

pub(super) fn malformed(sentence: &str) -> ReceiveError {
    ReceiveError::Malformed(sentence.to_owned())
}

fn is_message_sid(sid: &str) -> bool {
    let digits = sid.strip_prefix("SM").or_else(|| sid.strip_prefix("MM"));
    digits.is_some_and(|it| it.len() == 32 && it.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
