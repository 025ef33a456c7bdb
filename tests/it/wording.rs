//! Wording of doc comments: each begins with a noun or a verb, and names its subject.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::docs::files_below;

/// Question words and pronouns, as an alternation; `tests/shape` reads it from here.
const RIDDLES: &str = "\
    what|whatever|who|whoever|whom|whose|which|where|wherever|when|whenever|why|how|however|\
    whether|if|it|its|they|them|their|we|us|our|ours|you|your|he|she|this|that|these|those|\
    somebody|someone|something|nobody|nothing|none|everybody|everyone|everything|anybody|\
    anyone|anything";

#[test]
fn doc_comments_begin_with_a_noun_or_verb() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "bin", "examples", "benches", "tests"] {
        for path in files_below(&root.join(folder), "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            let name = path.strip_prefix(root).expect("it lies below the root").display();
            let riddles = riddles(&text).into_iter();
            found.extend(riddles.map(|(line, text)| format!("{name}:{line} {text}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// First lines of doc comments that begin with a question word or a pronoun, with their numbers.
fn riddles(source: &str) -> Vec<(usize, &str)> {
    let doc = Regex::new(r"^\s*(///|//!) ?(.*)").expect("the pattern is fixed");
    let riddle = Regex::new(&format!(r"(?i)^(?:{RIDDLES})\b")).expect("the pattern is fixed");
    let mut before = None;
    let mut found = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let comment = doc.captures(line).map(|parts| (parts[1].to_owned(), parts.get(2)));
        let marker = comment.as_ref().map(|(marker, _)| marker.clone());
        if let Some((_, Some(text))) = comment
            && marker != before
            && riddle.is_match(text.as_str())
        {
            found.push((index + 1, text.as_str()));
        }
        before = marker;
    }
    found
}

#[test]
fn riddle_is_found_at_the_beginning_of_a_doc_comment_only() {
    let source = "//! Who talks.\n//! What follows.\n\n/// A claim\n/// which nobody holds.\nfn a() {}\n\
                  // Why not.\n    /// Whether it is.\n    /// It.\n/// Itself a noun.\n";
    let lines: Vec<usize> = riddles(source).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 8]);
}
