//! What is built in has a licence that we may pass on, and comes from the one registry.
//!
//! cargo-deny says the same and more, but takes minutes to build; this reads its list without it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn file(name: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = fs::read_to_string(path).expect("the file is there");
    text.parse().expect("the file is TOML")
}

/// What cargo says on standard output.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("cargo is there: it has built this");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

#[test]
fn every_licence_is_allowed() {
    let rules = file(".config/deny.toml");
    let allowed = licences(&rules["licenses"]);
    let excepted = exceptions(&rules);
    let allowed_for = |package: &Value| {
        let own = excepted.iter().filter(|(name, _)| *name == package["name"]);
        let own = own.flat_map(|(_, licences)| licences);
        allowed.iter().chain(own).copied().collect::<Vec<_>>()
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("it has a host");
    // Other systems' packages need not be on this machine, so they are left to cargo-deny.
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
    assert!(packages.len() > 100, "the dependencies are among them");
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
    assert!(built.contains("redis"), "the dependencies are among them");
    let rules = file(".config/deny.toml");
    for (name, _) in exceptions(&rules) {
        assert!(!built.contains(name), "{name} is built in");
    }
}

fn licences(entry: &toml::Value) -> Vec<&str> {
    let allowed = entry["allow"].as_array().expect("allow is a list");
    allowed.iter().filter_map(toml::Value::as_str).collect()
}

/// The packages that may have licences of their own, and which.
fn exceptions<'r>(rules: &'r toml::Table) -> Vec<(&'r str, Vec<&'r str>)> {
    let exceptions = rules["licenses"]["exceptions"].as_array().expect("exceptions is a list");
    let name = |entry: &'r toml::Value| entry["crate"].as_str().expect("it is a name");
    exceptions.iter().map(|entry| (name(entry), licences(entry))).collect()
}

#[test]
fn every_package_has_a_checksum_from_one_registry() {
    let lock = file("Cargo.lock");
    let packages = lock["package"].as_array().expect("package is a list");
    let foreign: Vec<&toml::Value> =
        packages.iter().filter(|package| package.get("source").is_some()).collect();
    let sources: BTreeSet<&str> =
        foreign.iter().filter_map(|package| package["source"].as_str()).collect();
    assert_eq!(packages.len() - foreign.len(), 1, "this package alone lies in this repository");
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
    assert!(foreign.iter().all(|package| package.get("checksum").is_some()));
}

/// Whether an SPDX expression can be met with the allowed licences. `OR` binds weakest, and `/` is
/// how it was once written; a licence with an exception permits no less than the licence.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace();
    any(&mut words, allowed)
}

fn any(words: &mut dyn Iterator<Item = &str>, allowed: &[&str]) -> bool {
    let (mut one, mut all) = (false, true);
    while let Some(word) = words.next() {
        match word {
            ")" => break,
            "(" => all &= any(words, allowed),
            "AND" => {}
            "OR" => {
                one |= all;
                all = true;
            }
            "WITH" => drop(words.next()),
            licence => all &= allowed.contains(&licence),
        }
    }
    one || all
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
