//! Texts with placeholders.

/// Returns a text with its placeholders filled in, in one pass: a value is never searched for
/// placeholders.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = values
            .iter()
            .find_map(|(name, value)| Some((value, after.strip_prefix(name)?.strip_prefix('}')?)));
        if let Some((value, tail)) = known {
            filled.push_str(value);
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_replaces_placeholders_once_and_keeps_other_braces() {
        assert_eq!(fill("{a}{b} {c} {", &[("a", "{b}"), ("b", "2")]), "{b}2 {c} {");
    }
}
