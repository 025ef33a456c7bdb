//! The documents: short where they must be, and pointing only at what exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Lines that a reader of the README is asked to read at the most.
const README_LINES: usize = 150;

/// Inline links and images, and reference definitions.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\]\(([^()\s]+)\)|(?m:^\[[^\]]+\]:\s+(\S+)$)").expect("the pattern is fixed")
});
static CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"`([^`\n]+)`").expect("the pattern is fixed"));
/// Names that could be a test's, from a whole row of the table of invariants.
static TEST_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[a-z0-9]+(?:_[a-z0-9]+)+$").expect("the pattern is fixed"));
/// A name in parentheses of its own, as a proof stands behind what it proves.
static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\(`(\w+)`\)").expect("the pattern is fixed"));
static OWN_PATH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:src|bin|tests|docs|examples|benches)/[\w./-]*$").expect("the pattern is fixed")
});

/// A document: its path from the root, and its text.
struct Page {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder whose names end with this extension, in a fixed order.
pub(crate) fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn page(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    Page { path: path.to_owned(), text }
}

fn docs() -> Vec<Page> {
    let files = files_below(&root().join("docs"), "md").into_iter();
    let names = files.map(|path| path.file_name().expect("a file has a name").to_owned());
    names.map(|name| page(&format!("docs/{}", name.to_string_lossy()))).collect()
}

fn pages() -> Vec<Page> {
    let top = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(page);
    top.into_iter().chain(docs()).collect()
}

/// The text without fenced code blocks.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let kept = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// The relative targets of a page's links, with their anchors.
fn links(text: &str) -> Vec<String> {
    let text = prose(text);
    let text = CODE.replace_all(&text, "");
    LINK.captures_iter(&text)
        .filter_map(|found| found.get(1).or_else(|| found.get(2)))
        .map(|target| target.as_str().to_owned())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors that GitHub gives to a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let text = prose(text);
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

/// One sentence per link of a page that leads nowhere.
fn broken_links(page: &Page) -> Vec<String> {
    let folder = root().join(&page.path).parent().expect("a file has a folder").to_owned();
    let mut broken = Vec::new();
    for link in links(&page.text) {
        let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
        let target = if path.is_empty() { root().join(&page.path) } else { folder.join(path) };
        if !target.exists() {
            broken.push(format!("{}: {link} is no file", page.path));
        } else if !heading.is_empty() {
            let text = fs::read_to_string(&target).unwrap_or_default();
            if !anchors(&text).contains(heading) {
                broken.push(format!("{}: {link} is no heading", page.path));
            }
        }
    }
    broken
}

/// The names of tests that the architecture page gives as proof.
fn named_tests(text: &str) -> BTreeSet<String> {
    let (_, rest) = text.split_once("## Invariants").expect("the page lists invariants");
    let (invariants, after) = rest.split_once("\n## ").expect("another section follows");
    let proofs = CODE.captures_iter(invariants).map(|found| found[1].to_owned());
    let references = REFERENCE.captures_iter(after).map(|found| found[1].to_owned());
    // Settings that are named in parentheses have fewer words.
    let references = references.filter(|name| name.matches('_').count() >= 2);
    proofs.chain(references).filter(|name| TEST_NAME.is_match(name)).collect()
}

#[test]
fn readme_is_short() {
    let lines = page("README.md").text.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines");
}

#[test]
fn readme_chat_is_a_script_that_passes() {
    let text = page("README.md").text;
    let blocks = text.split("```text\n").filter_map(|block| block.split_once("```"));
    let chats: Vec<&str> =
        blocks.map(|(block, _)| block).filter(|block| block.contains(" > connect")).collect();
    assert_eq!(chats.len(), 1);
    assert_eq!(chats[0].lines().count(), 4);
    let topics = fs::read_to_string(root().join("topics.toml")).expect("topics.toml is there");
    let app = crosswire::App::new().topics(&topics);
    app.script("README.md", chats[0]).unwrap_or_else(|failures| panic!("{failures}"));
}

#[test]
fn readme_handler_is_the_example() {
    let example = page("examples/counter.rs").text;
    assert!(page("README.md").text.contains(&format!("```rust,no_run\n{example}```")));
}

#[test]
fn relative_links_resolve() {
    let broken: Vec<String> = pages().iter().flat_map(broken_links).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn docs_pages_begin_with_a_title_and_a_paragraph() {
    for Page { path, text } in docs() {
        let mut blocks = text.split("\n\n");
        let title = blocks.next().unwrap_or_default();
        assert!(title.starts_with("# ") && title.lines().count() == 1, "{path}: {title}");
        let first = blocks.next().unwrap_or_default().trim_start();
        assert!(first.starts_with(char::is_alphanumeric), "{path} begins with {first}");
        assert!(first.trim_end().ends_with(['.', ':']), "{path} begins with {first}");
    }
}

/// The code in the table of proofs of the promises.
fn proofs() -> BTreeSet<String> {
    let text = page("docs/guarantees.md").text;
    let (_, rest) = text.split_once("## Proofs").expect("the page lists proofs");
    let rows = rest.lines().take_while(|line| !line.starts_with("## "));
    let rows = rows.filter(|line| line.starts_with("| ")).collect::<String>();
    CODE.captures_iter(&rows).map(|found| found[1].to_owned()).collect()
}

#[test]
fn named_scenarios_exist() {
    let scenarios = page("tests/chaos/scenario.rs").text;
    let names: Vec<String> = proofs().into_iter().filter(|name| name.contains('-')).collect();
    assert!(names.len() > 10, "the table of proofs is where it is looked for");
    let is_missing = |name: &&String| !scenarios.contains(&format!("\"{name}\""));
    let missing: Vec<&String> = names.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "no such scenarios: {missing:#?}");
}

#[test]
fn named_tests_exist() {
    let sources: String = ["src", "tests", "examples"]
        .iter()
        .flat_map(|folder| files_below(&root().join(folder), "rs"))
        .map(|path| fs::read_to_string(path).expect("a source is text"))
        .collect();
    let mut names = named_tests(&page("ARCHITECTURE.md").text);
    names.extend(proofs().into_iter().filter(|name| TEST_NAME.is_match(name)));
    assert!(names.len() > 50, "the table of invariants is where it is looked for");
    let is_missing =
        |name: &&String| ["(", "<"].iter().all(|end| !sources.contains(&format!("fn {name}{end}")));
    let missing: Vec<&String> = names.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn named_paths_exist() {
    for Page { path, text } in pages().into_iter().filter(|page| page.path != "CHANGELOG.md") {
        for code in CODE.captures_iter(&prose(&text)).filter(|code| OWN_PATH.is_match(&code[1])) {
            assert!(root().join(&code[1]).exists(), "{path} names {}", &code[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_prose_and_not_in_code() {
        let text = "[a](b.md#c) ![d](e.png) `[f](g)` [h](https://i) [j][k]\n\n```sh\n[l](m)\n```\n\n\
                    [k]: n.md\n[o]: https://p\n";
        assert_eq!(links(text), ["b.md#c", "e.png", "n.md"]);
    }

    #[test]
    fn anchors_are_those_of_github() {
        let text = "# One\n\n## A `kill -9`, and more\n\n```sh\n# no heading\n```\n";
        let wanted = ["a-kill--9-and-more", "one"].map(str::to_owned);
        assert_eq!(anchors(text), BTreeSet::from(wanted));
    }

    #[test]
    fn broken_links_are_named() {
        let broken = |text: &str| {
            let (path, text) = ("docs/page.md".to_owned(), text.to_owned());
            broken_links(&Page { path, text })
        };
        assert_eq!(broken("[a](../README.md#run-it) [b](../src)"), [""; 0]);
        assert_eq!(broken("[a](README.md)"), ["docs/page.md: README.md is no file"]);
        let missing = "docs/page.md: ../README.md#fly-it is no heading";
        assert_eq!(broken("[a](../README.md#fly-it)"), [missing]);
    }

    #[test]
    fn test_names_are_read_from_the_table_and_the_decisions() {
        let text = "`not_this_one_of_all`\n## Invariants\n| a | `is_one`, `Nor` (`this.rs`) |\n\n\
                    ## Decisions\n`on_one_setting` (`max_depth`), so (`this_is_one_too`)\n";
        let names = ["is_one", "this_is_one_too"].map(str::to_owned);
        assert_eq!(named_tests(text), BTreeSet::from(names));
    }
}
