//! Extraction of the paths in a Rust source: a minimal lexer and a parser of use trees.

/// A path, and the inline modules around it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) within: Vec<String>,
    pub(crate) segments: Vec<String>,
}

/// Returns every path of two or more segments, with groups expanded: `a::{b, c::d}` yields `a::b` and
/// `a::c::d`.
pub(crate) fn paths(source: &str) -> Vec<Path> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let (mut depth, mut inline): (usize, Vec<(usize, &str)>) = (0, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" => {
                depth += 1;
                if at >= 2 && tokens[at - 2] == "mod" {
                    inline.push((depth, tokens[at - 1]));
                }
            }
            "}" => {
                inline.retain(|&(opened, _)| opened < depth);
                depth = depth.saturating_sub(1);
            }
            _ if is_word(token) && (at == 0 || tokens[at - 1] != "::") => {
                let mut leaves = Vec::new();
                expand(&tokens, at, &[], &mut leaves);
                let within: Vec<String> = inline.iter().map(|(_, name)| (*name).into()).collect();
                let paths = leaves.into_iter().filter(|segments| segments.len() > 1);
                found.extend(paths.map(|segments| Path { within: within.clone(), segments }));
            }
            _ => {}
        }
    }
    found
}

/// Adds the paths that begin at token `at` to `leaves`; returns the position after them.
fn expand(tokens: &[&str], at: usize, before: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let mut segments = before.to_vec();
    let mut at = at;
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| *token != "}") {
                    // Skip a comma or any other token that begins no path.
                    at = expand(tokens, at, &segments, leaves).max(at + 1);
                }
                return at + 1;
            }
            Some(word) if is_word(word) => segments.push((*word).to_owned()),
            _ => return at,
        }
        at += 1;
        if tokens.get(at) != Some(&"::") {
            leaves.push(segments);
            return at;
        }
        at += 1;
        if tokens.get(at) == Some(&"*") {
            segments.push("*".to_owned());
            leaves.push(segments);
            return at + 1;
        }
        // Generic arguments end the path: `a::<T>::b` is read as `a`.
        if tokens.get(at).is_none_or(|token| *token != "{" && !is_word(token)) {
            leaves.push(segments);
            return at;
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Returns words, `::` and single punctuation characters, without comments and literals.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = skipped(rest) {
            rest = rest[length..].trim_start();
            continue;
        } else if rest.starts_with("::") {
            2
        } else {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
                .max(first.len_utf8())
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Returns the length of the comment, literal or lifetime at the beginning of `rest`, if any.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if let Some(comment) = rest.strip_prefix("/*") {
        return Some(comment.find("*/").map_or(rest.len(), |end| end + 4));
    }
    let literal = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - literal.len();
    if let Some(raw) = literal.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let text = &raw[hashes + 1..];
            let end = text.find(&close).map_or(text.len(), |end| end + close.len());
            return Some(prefix + 1 + hashes + 1 + end);
        }
    }
    if let Some(text) = literal.strip_prefix('"') {
        return Some(prefix + 1 + literal_length(text, '"'));
    }
    let text = literal.strip_prefix('\'')?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (_, Some('\'')) => Some(prefix + 1 + literal_length(text, '\'')),
        _ => Some(prefix + 1),
    }
}

/// Returns the length of a literal's text, its closing quote included.
fn literal_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn paths_are_found_in_groups_but_not_in_comments_or_literals() {
    let source = r##"
        // use crate::a::no;
        /* crate::b::no */
        use crate::{x::{Y, self}, z};
        const A: &str = "crate::c::no \" crate::d::no";
        const B: &str = r#"crate::e::no"#;
        fn f<'a>(c: char) -> bool { c == '"' || c == '\'' || super::g::<u8>(c) }
        mod tests { use super::*; }
        fn h() -> std::env::Args {}
    "##;
    let found: Vec<String> = paths(source)
        .into_iter()
        .map(|path| [path.within, path.segments].map(|part| part.join("::")).join(" "))
        .collect();
    let expected = [
        " crate::x::Y",
        " crate::x::self",
        " crate::z",
        " super::g",
        "tests super::*",
        " std::env::Args",
    ];
    // Members of a group are also read as paths of their own; without `crate`, they match no rule.
    let found: Vec<&String> = found.iter().filter(|path| !path.starts_with(" x::")).collect();
    assert_eq!(found, expected.each_ref());
}
