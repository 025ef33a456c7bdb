//! Licences and sources of the dependencies.
//!
//! cargo-deny checks the same and more, but takes minutes to build; these tests read its configuration.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn toml_file(name: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = fs::read_to_string(path).expect("the file exists");
    text.parse().expect("the file is TOML")
}

/// Runs cargo and returns its standard output.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("cargo has built this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

#[test]
fn every_licence_is_allowed() {
    let rules = toml_file(".config/deny.toml");
    let allowed = licences(&rules["licenses"]);
    let excepted = exceptions(&rules);
    let allowed_for = |package: &Value| {
        let own = excepted.iter().filter(|(name, _)| *name == package["name"]);
        let own = own.flat_map(|(_, licences)| licences);
        allowed.iter().chain(own).copied().collect::<Vec<_>>()
    };
    let version = cargo(&["-vV"]);
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("the version names the host");
    // Packages of other platforms may be missing on this machine; cargo-deny checks them.
    let metadata = cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--offline",
        "--filter-platform",
        host,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    assert!(packages.len() > 100, "the list includes the dependencies");
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| {
            let licence = package["license"].as_str().unwrap_or("none");
            !permits(licence, &allowed_for(package))
        })
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "allow or replace: {refused:#?}");
}

#[test]
fn licence_exceptions_cover_only_dev_dependencies() {
    let tree = cargo(&["tree", "--locked", "--offline", "--edges=normal,build", "--prefix=none"]);
    let built: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(built.contains("redis"), "the list includes the dependencies");
    let rules = toml_file(".config/deny.toml");
    for (name, _) in exceptions(&rules) {
        assert!(!built.contains(name), "{name} is part of the release build");
    }
}

fn licences(entry: &toml::Value) -> Vec<&str> {
    let allowed = entry["allow"].as_array().expect("allow is a list");
    allowed.iter().filter_map(toml::Value::as_str).collect()
}

/// Returns the packages with additional allowed licences, and these licences.
fn exceptions<'r>(rules: &'r toml::Table) -> Vec<(&'r str, Vec<&'r str>)> {
    let exceptions = rules["licenses"]["exceptions"].as_array().expect("exceptions is a list");
    let name = |entry: &'r toml::Value| entry["crate"].as_str().expect("crate is a name");
    exceptions.iter().map(|entry| (name(entry), licences(entry))).collect()
}

#[test]
fn every_package_has_a_checksum_from_one_registry() {
    let lock = toml_file("Cargo.lock");
    let packages = lock["package"].as_array().expect("package is a list");
    let external: Vec<&toml::Value> =
        packages.iter().filter(|package| package.get("source").is_some()).collect();
    let sources: BTreeSet<&str> =
        external.iter().filter_map(|package| package["source"].as_str()).collect();
    assert_eq!(packages.len() - external.len(), 1, "only this package has no source");
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
    assert!(external.iter().all(|package| package.get("checksum").is_some()));
}

/// Reports whether the allowed licences satisfy an SPDX expression. `OR` binds weakest, and `/` is its
/// old spelling; a licence `WITH` an exception permits at least as much as the licence.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace();
    evaluate(&mut words, allowed)
}

/// Evaluates an expression up to its end or closing parenthesis.
fn evaluate(words: &mut dyn Iterator<Item = &str>, allowed: &[&str]) -> bool {
    let (mut any, mut all) = (false, true);
    while let Some(word) = words.next() {
        match word {
            ")" => break,
            "(" => all &= evaluate(words, allowed),
            "AND" => {}
            "OR" => {
                any |= all;
                all = true;
            }
            "WITH" => drop(words.next()),
            licence => all &= allowed.contains(&licence),
        }
    }
    any || all
}

#[test]
fn spdx_expressions_are_evaluated() {
    let allowed = ["MIT", "Zlib"];
    for expression in [
        "MIT",
        "GPL-3.0 OR MIT",
        "GPL-3.0/MIT",
        "MIT AND Zlib",
        "(X OR MIT) AND Zlib",
        "MIT WITH X",
    ] {
        assert!(permits(expression, &allowed), "{expression}");
    }
    for expression in ["X", "none", "MIT AND X", "(X OR MIT) AND Y", "X AND MIT OR Y", "X WITH MIT"]
    {
        assert!(!permits(expression, &allowed), "{expression}");
    }
}
