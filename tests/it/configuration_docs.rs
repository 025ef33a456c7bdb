//! docs/configuration.md has every key and every variable that the code reads, exactly once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::docs::files_below;

/// A file with one unknown key in every table, each of which is reported with the known ones.
const UNKNOWN_KEYS: &str = "\
    zzzzzzzzzzzz = 1\n\
    [topics.t]\nhandler = \"echo\"\nzzzzzzzzzzzz = 1\n\
    [topics.t.sending]\nzzzzzzzzzzzz = 1\n\
    [topics.t.twilio]\nzzzzzzzzzzzz = 1\n\
    [topics.t.schedule.j]\nzzzzzzzzzzzz = 1\n\
    [topics.s]\nhandler = \"echo\"\ntransport = \"websocket\"\n\
    [topics.s.websocket]\nzzzzzzzzzzzz = 1\n\
    [topics.k]\nhandler = \"echo\"\ntransport = \"kannel\"\n\
    [topics.k.kannel]\nzzzzzzzzzzzz = 1\n\
    [topics.h]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
    [topics.h.gateway]\nkind = \"http\"\nzzzzzzzzzzzz = 1\nreports.zzzzzzzzzzzz = 1\n\
    outgoing.zzzzzzzzzzzz = 1\nincoming = { zzzzzzzzzzzz = 1, auth.zzzzzzzzzzzz = 1 }\n\
    [topics.v]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
    [topics.v.gateway]\nkind = \"http\"\npreset = \"vonage\"\nzzzzzzzzzzzz = 1\n\
    [topics.x]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
    [topics.x.gateway]\nkind = \"http\"\npreset = \"telnyx\"\nzzzzzzzzzzzz = 1\n\
    [topics.s.events]\nzzzzzzzzzzzz = 1\n\
    [profiles.p]\nzzzzzzzzzzzz = 1\n\
    [api.tokens.c]\nzzzzzzzzzzzz = 1\n";

/// Prefixes of the tables in error lines, and in the documentation.
const TABLES: [(&str, &str); 6] = [
    ("topics.t", ""),
    ("topics.t.sending", "sending."),
    ("topics.t.twilio", "twilio."),
    ("topics.t.schedule.j", "schedule.<job>."),
    ("profiles.p", "profiles.<name>."),
    ("api.tokens.c", "api.tokens.<name>."),
];

/// The same of the tables that serde reads.
const SERDE_TABLES: [(&str, &str); 10] = [
    ("topics.s.websocket", "websocket."),
    ("topics.s.events", "events."),
    ("topics.k.kannel", "kannel."),
    ("topics.h.gateway", "http."),
    ("topics.h.gateway.incoming", "http.incoming."),
    ("topics.h.gateway.outgoing", "http.outgoing."),
    ("topics.h.gateway.reports", "http.reports."),
    ("topics.h.gateway.incoming.auth", "http.auth."),
    ("topics.v.gateway", "vonage."),
    ("topics.x.gateway", "telnyx."),
];

/// Keys of those tables that are tables, and one that is read before the table is.
const SERDE_NESTED: [&str; 3] = ["http.incoming", "http.outgoing", "http.reports"];
const FIRST_KEY: &str = "http.preset";

/// Keys that stand for a table of their own, and how the documentation writes an entry of it.
const NESTED: [(&str, Option<&str>); 6] = [
    ("events", None),
    ("sending", None),
    ("twilio", None),
    ("schedule", None),
    ("validators", Some("validators.<validator>")),
    ("properties", Some("properties.<property>")),
];

/// Returns the keys that the code knows, as the documentation writes them.
fn known_keys() -> BTreeSet<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("topics.toml");
    fs::write(&file, UNKNOWN_KEYS).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_crosswire"));
    let check = check.env_clear().env("TOPICS_FILE", &file).env("ENV", "dev").arg("check");
    let output = check.current_dir(directory.path()).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut keys = BTreeSet::new();
    for (table, prefix) in TABLES {
        let start = format!(": {table}.zzzzzzzzzzzz: no such key; known: ");
        let known = lines.lines().find_map(|line| line.split_once(start.as_str()));
        let (_, known) = known.unwrap_or_else(|| panic!("{table} is not in\n{lines}"));
        for key in known.split(", ") {
            match NESTED.iter().find(|(nested, _)| prefix.is_empty() && *nested == key) {
                None => keys.insert(format!("{prefix}{key}")),
                Some((_, Some(written))) => keys.insert((*written).to_owned()),
                Some((_, None)) => false,
            };
        }
    }
    let quoted = Regex::new("`([a-z_]+)`").unwrap();
    for (table, prefix) in SERDE_TABLES {
        let start = format!("{table}.zzzzzzzzzzzz: ");
        let line = lines.lines().find_map(|line| line.split_once(&start));
        let (_, line) = line.unwrap_or_else(|| panic!("{table} is not in\n{lines}"));
        let (_, known) = line.split_once("expected one of ").expect("the known keys are named");
        let known = quoted.captures_iter(known).map(|key| format!("{prefix}{}", &key[1]));
        keys.extend(known.filter(|key| !SERDE_NESTED.contains(&key.as_str())));
    }
    keys.insert(FIRST_KEY.to_owned());
    keys
}

/// Returns the variables that the sources read by name, and those that a key may rename.
fn known_variables(keys: &BTreeSet<String>) -> BTreeSet<String> {
    let read = Regex::new(r#"\.(?:get|secret|parsed)(?:::<[^>]*>)?\(\s*"([A-Z][A-Z_]+)""#).unwrap();
    let strong = Regex::new(r#"strong_secret\(environment, "([A-Z_]+)""#).unwrap();
    let either = Regex::new(r#"either\(environment, "([A-Z_]+)", "([A-Z_]+)"\)"#).unwrap();
    let default = Regex::new(r#"_env: "([A-Z][A-Z_]+)"\.to_owned\(\)"#).unwrap();
    let mut variables = BTreeSet::new();
    for file in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs") {
        let source = fs::read_to_string(file).unwrap();
        for pattern in [&read, &strong, &default] {
            variables.extend(pattern.captures_iter(&source).map(|found| found[1].to_owned()));
        }
        for found in either.captures_iter(&source) {
            variables.extend([found[1].to_owned(), found[2].to_owned()]);
        }
    }
    let renamed = keys.iter().filter_map(|key| key.strip_suffix("_env")?.split_once('.'));
    // Other tables name variables that have no default name.
    let with_default = ["kannel", "telnyx", "twilio", "vonage"];
    let renamed = renamed.filter(|(table, _)| with_default.contains(table));
    variables.extend(renamed.map(|(table, part)| format!("{table}_{part}").to_uppercase()));
    variables
}

/// Returns the first cells of the table rows in a section of the page that is code.
fn documented(section: &str) -> Vec<String> {
    let row = Regex::new(r"(?m)^\| `([^`]+)` \|").unwrap();
    row.captures_iter(section).map(|found| found[1].to_owned()).collect()
}

fn assert_documented_once(known: &BTreeSet<String>, documented: &[String]) {
    let once: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(documented.len(), once.len(), "documented twice: {documented:#?}");
    let missing: Vec<_> = known.difference(&once).collect();
    let unknown: Vec<_> = once.difference(known).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:?}, unknown {unknown:?}");
}

#[test]
fn every_key_and_variable_is_documented_once() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = fs::read_to_string(page).unwrap();
    let (file, rest) = page.split_once("\n## Environment\n").unwrap();
    let (environment, _) = rest.split_once("\n## ").unwrap();
    // The validators are parts, not keys, and documented in a table of their own.
    let (before, after) = file.split_once("\n### Validators\n").unwrap();
    let (_, after) = after.split_once("\n### ").unwrap();
    let keys = known_keys();
    assert!(keys.len() > 30, "{keys:?}");
    assert_documented_once(&keys, &documented(&format!("{before}\n{after}")));
    let variables = known_variables(&keys);
    assert!(variables.len() > 20, "{variables:?}");
    assert_documented_once(&variables, &documented(environment));
}
