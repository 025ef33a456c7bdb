//! Addresses with values in their query, such as `http://host/?to=%(identity)s&text=%(text)s`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Names that an address may contain.
pub(super) const NAMES: [&str; 4] = ["identity", "text", "from", "id"];

/// Characters that are escaped in a value: all but the unreserved ones (RFC 3986 section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Address in parts: texts, and the names of the values between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    start: String,
    /// Each a name of [`NAMES`] and the text after it.
    parts: Vec<(&'static str, String)>,
}

impl Template {
    /// Parses an address. Values stand in the query alone, where they can change neither the host nor
    /// the path.
    ///
    /// # Errors
    /// A sentence with the fix.
    pub(super) fn parse(address: &str) -> Result<Self, String> {
        let mut pieces = address.split("%(");
        let start = pieces.next().unwrap_or_default().to_owned();
        let parts: Vec<_> = pieces.map(part).collect::<Result<_, _>>()?;
        if !parts.is_empty() && (!start.contains('?') || start.contains('#')) {
            let fix = "write them behind a ?, as in http://host/?to=%(identity)s";
            return Err(format!("has values outside of its query; {fix}"));
        }
        Ok(Self { start, parts })
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.parts.iter().any(|(known, _)| *known == name)
    }

    /// Returns whether the address is without values.
    pub(super) fn is_plain(&self) -> bool {
        self.parts.is_empty()
    }

    /// Fills in the values, percent-encoded.
    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        let mut filled = self.start.clone();
        for (name, text) in &self.parts {
            filled.extend(utf8_percent_encode(value(name), ESCAPED));
            filled.push_str(text);
        }
        filled
    }
}

fn part(piece: &str) -> Result<(&'static str, String), String> {
    let (name, text) = piece.split_once(")s").unwrap_or((piece, ""));
    let known = NAMES.into_iter().find(|known| *known == name);
    let known = known.ok_or_else(|| {
        format!("has a value that is not known; write %(identity)s, %(text)s, %(from)s or %(id)s")
    })?;
    Ok((known, text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use url::Url;

    use super::*;

    #[rstest]
    #[case("http://a/?x=%(identty)s", "not known")]
    #[case("http://a/?x=%(identity)", "not known")]
    #[case("http://a/%(identity)s", "outside of its query")]
    #[case("http://%(identity)s/?x", "outside of its query")]
    #[case("http://a/#?x=%(text)s", "outside of its query")]
    fn other_values_are_refused(#[case] address: &str, #[case] problem: &str) {
        assert!(Template::parse(address).unwrap_err().contains(problem));
    }

    #[test]
    fn escapes_of_an_address_stay_as_they_are() {
        let template = Template::parse("http://a/b%20c?d=%2B&to=%(identity)s&e=100%").unwrap();
        assert_eq!(
            template.fill(|_| "+1 & ü"),
            "http://a/b%20c?d=%2B&to=%2B1%20%26%20%C3%BC&e=100%"
        );
    }

    proptest! {
        #[test]
        fn every_text_arrives_and_changes_nothing_else(text in "\\PC{0,40}|[%&=?#/+ \r\n]{0,9}") {
            let template = Template::parse("http://a.example/in?x=1&text=%(text)s&y=2").unwrap();
            let url = Url::parse(&template.fill(|_| text.as_str())).unwrap();
            prop_assert_eq!(url.host_str(), Some("a.example"));
            prop_assert_eq!((url.path(), url.fragment()), ("/in", None));
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            prop_assert_eq!(pairs, [pair("x", "1"), pair("text", &text), pair("y", "2")]);
        }
    }
}
