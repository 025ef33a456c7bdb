//! Rates of Twilio's lines, by the kind of number
//! (<https://help.twilio.com/articles/115002943027>). Beyond them Twilio queues messages for hours.

use url::Url;

/// Segments per second of an unregistered long code of the United States and Canada.
const LONG_CODE: u32 = 1;
const TOLL_FREE: u32 = 3;
const SHORT_CODE: u32 = 100;

/// Area codes of toll-free numbers.
const TOLL_FREE_CODES: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// Returns whether an address of the API is Twilio's own.
pub(super) fn is_twilio(api_base: &str) -> bool {
    let url = Url::parse(api_base).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.is_some_and(|host| host == "twilio.com" || host.ends_with(".twilio.com"))
}

/// Returns the segments per second of a line; `None` for a kind whose rate is not known.
pub(super) fn of_line(line: &str) -> Option<u32> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (3..=6).contains(&line.len()) && is_digits(line) {
        return Some(SHORT_CODE);
    }
    let national = line.strip_prefix("+1").filter(|it| it.len() == 10 && is_digits(it))?;
    let is_toll_free = TOLL_FREE_CODES.iter().any(|code| national.starts_with(code));
    Some(if is_toll_free { TOLL_FREE } else { LONG_CODE })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+14155550101", Some(1))]
    #[case("+18005550101", Some(3))]
    #[case("24680", Some(100))]
    #[case("+442079460958", None)]
    #[case("whatsapp:+14155550101", None)]
    #[case("PIZZA", None)]
    fn rate_follows_from_the_kind_of_number(#[case] line: &str, #[case] rate: Option<u32>) {
        assert_eq!(of_line(line), rate);
    }

    #[rstest]
    #[case("https://api.twilio.com", true)]
    #[case("https://api.dublin.ie1.twilio.com", true)]
    #[case("http://127.0.0.1:4010", false)]
    #[case("https://twilio.com.example.org", false)]
    fn other_servers_have_no_rates(#[case] api_base: &str, #[case] is_known: bool) {
        assert_eq!(is_twilio(api_base), is_known);
    }
}
