//! Validation of the simulated phones' numbers.

use crate::model::address::Identity;

/// Error text for an invalid number.
pub const INVALID_NUMBER: &str = "Phone number must be all numeric";

/// Maximum length in bytes, above any number with any channel prefix.
const MAX_LENGTH: usize = 100;

/// Parses a number as a person types it: digits, with or without a plus, after an optional channel
/// prefix (`whatsapp:+14155550100`). Surrounding blanks are ignored.
pub fn phone_number(typed: &str) -> Option<Identity> {
    let typed = typed.trim();
    let (channel, digits) = typed.split_once(':').unwrap_or(("sms", typed));
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_channel = !channel.is_empty() && channel.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_number && is_channel && typed.len() <= MAX_LENGTH).then(|| Identity::new(typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_number_accepts_digits_with_plus_and_channel() {
        for good in ["1112223333", " +14155550101 ", "whatsapp:+14155550101", "24680"] {
            assert_eq!(phone_number(good).unwrap().reveal(), good.trim(), "{good}");
        }
        let long = "1".repeat(101);
        for bad in ["", "+", "12a", "1 2", "++1", ":1", "WhatsApp 1", "whatsapp:", "a:b:1", &long] {
            assert_eq!(phone_number(bad), None, "{bad}");
        }
    }
}
