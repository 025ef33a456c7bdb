//! Budgets: how many segments a topic may send on a day, and to which countries it may send at all.

use std::collections::BTreeMap;

/// Limits of a topic's spending, by prefixes of phone numbers in E.164, such as `+44`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// Segments of a day (UTC); no limit when absent.
    pub daily_segments: Option<u64>,
    /// Segments of a day to numbers that begin with a prefix.
    pub countries: BTreeMap<String, u64>,
    /// Prefixes of the only numbers that messages are sent to; all numbers when there is none.
    pub allowed: Vec<String>,
    /// Prefixes of numbers that no message is sent to.
    pub refused: Vec<String>,
}

impl Budgets {
    /// Returns whether messages to this person are refused. The longest prefix of their number decides.
    pub fn refuse(&self, identity: &str) -> bool {
        let Some(number) = number(identity) else { return false };
        let longest = |prefixes: &[String]| {
            prefixes
                .iter()
                .filter(|prefix| number.starts_with(prefix.as_str()))
                .map(String::len)
                .max()
        };
        match (longest(&self.allowed), longest(&self.refused)) {
            (Some(allowed), Some(refused)) => refused >= allowed,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => !self.allowed.is_empty(),
        }
    }

    /// Returns the budgets that a message to this person is counted against, with their segments. The
    /// one of the whole topic has a blank name.
    pub fn of(&self, identity: &str) -> Vec<(String, u64)> {
        let countries = number(identity).map(|number| {
            let covers = |(prefix, _): &(&String, &u64)| number.starts_with(prefix.as_str());
            self.countries.iter().filter(covers).map(|(prefix, limit)| (prefix.clone(), *limit))
        });
        let whole = self.daily_segments.map(|limit| (String::new(), limit));
        whole.into_iter().chain(countries.into_iter().flatten()).collect()
    }

    /// Returns every budget, with its segments.
    pub fn all(&self) -> impl Iterator<Item = (&str, u64)> {
        let countries = self.countries.iter().map(|(prefix, limit)| (prefix.as_str(), *limit));
        self.daily_segments.map(|limit| ("", limit)).into_iter().chain(countries)
    }
}

/// The phone number of an identity, if it is one.
fn number(identity: &str) -> Option<&str> {
    let number = identity.rsplit_once(':').map_or(identity, |(_, number)| number);
    number.starts_with('+').then_some(number)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn prefixes(prefixes: &[&str]) -> Vec<String> {
        prefixes.iter().map(ToString::to_string).collect()
    }

    #[rstest]
    #[case(&[], &[], "+14155550101", false)]
    #[case(&["+1"], &[], "+14155550101", false)]
    #[case(&["+1"], &[], "+442079460958", true)]
    #[case(&["+1"], &[], "whatsapp:+442079460958", true)]
    #[case(&[], &["+44"], "+442079460958", true)]
    #[case(&[], &["+44"], "+14155550101", false)]
    #[case(&["+1"], &["+1900"], "+19005550101", true)]
    #[case(&["+1900"], &["+1"], "+19005550101", false)]
    #[case(&["+1"], &["+1"], "+14155550101", true)]
    #[case(&["+1"], &[], "a session", false)]
    fn longest_prefix_decides(
        #[case] allowed: &[&str],
        #[case] refused: &[&str],
        #[case] identity: &str,
        #[case] is_refused: bool,
    ) {
        let (allowed, refused) = (prefixes(allowed), prefixes(refused));
        let budgets = Budgets { allowed, refused, ..Budgets::default() };
        assert_eq!(budgets.refuse(identity), is_refused);
    }

    #[test]
    fn message_counts_for_its_topic_and_every_prefix() {
        let countries = [("+1".to_owned(), 5), ("+1415".to_owned(), 3), ("+44".to_owned(), 9)];
        let countries = countries.into_iter().collect();
        let budgets = Budgets { daily_segments: Some(7), countries, ..Budgets::default() };
        let names = |to: &str| budgets.of(to).into_iter().map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(names("+14155550101"), ["", "+1", "+1415"]);
        assert_eq!(names("a session"), [""]);
    }
}
