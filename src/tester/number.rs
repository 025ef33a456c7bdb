//! The numbers that the tester's phones may have.

use crate::model::address::Identity;

/// Said of a number that is none.
pub const NOT_A_NUMBER: &str = "Phone number must be all numeric";

/// Longer than any number with any prefix.
const LONGEST: usize = 100;

/// A number as it was typed: digits, with or without a plus, behind the prefix of a channel if there
/// is one (`whatsapp:+14155550100`). Blanks around it do not count.
pub fn number(typed: &str) -> Option<Identity> {
    let typed = typed.trim();
    let (channel, digits) = typed.split_once(':').unwrap_or(("sms", typed));
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_channel = !channel.is_empty() && channel.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_number && is_channel && typed.len() <= LONGEST).then(|| Identity::new(typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_with_or_without_plus_and_prefix_are_a_number() {
        for good in ["1112223333", " +14155550101 ", "whatsapp:+14155550101", "24680"] {
            assert_eq!(number(good).unwrap().reveal(), good.trim(), "{good}");
        }
        let long = "1".repeat(101);
        for bad in ["", "+", "12a", "1 2", "++1", ":1", "WhatsApp 1", "whatsapp:", "a:b:1", &long] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
