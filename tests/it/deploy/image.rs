//! Dockerfile and .dockerignore.

use std::path::Path;

use regex::Regex;

use super::{read, require_command};

#[test]
fn image_holds_only_files_that_exist_and_are_not_ignored() {
    let dockerfile = read("Dockerfile");
    let copies = Regex::new(r"(?m)^COPY (?:--chown=\S+ )?([^-\n].*) \S+$").unwrap();
    let sources: Vec<String> = copies
        .captures_iter(&dockerfile)
        .flat_map(|found| found[1].split(' ').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(sources.len() >= 5, "{sources:?}");
    let ignored = read(".dockerignore");
    for source in sources {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&source).exists(), "{source}");
        assert!(ignored.lines().any(|line| line == format!("!{source}")), "{source} is ignored");
    }
    assert!(ignored.lines().any(|line| line == "*"), "nothing else is sent");
    // The page that the crate's documentation is made of is compiled too.
    let lib = read("src/lib.rs");
    let page = lib.split('"').nth(1).unwrap().trim_start_matches("../");
    assert!(dockerfile.contains(&format!("COPY {page} ")), "{page} is missing");
}

#[test]
fn image_has_a_user_of_its_own_and_asks_for_its_health() {
    let dockerfile = read("Dockerfile");
    let user = Regex::new(r"(?m)^USER ([1-9]\d+):[1-9]\d+$").unwrap();
    assert!(user.is_match(&dockerfile));
    let health = Regex::new(r#"(?m)^HEALTHCHECK .*CMD \["crosswire", "(.+)"\]$"#).unwrap();
    require_command(&health.captures(&dockerfile).unwrap()[1]);
    assert!(dockerfile.contains("FROM scratch"));
    assert!(dockerfile.contains("RUN=standalone"));
}

#[test]
fn builder_has_a_rust_that_the_crate_supports() {
    let builder = Regex::new(r"rust:1\.(\d+)-alpine").unwrap();
    let minor: u32 = builder.captures(&read("Dockerfile")).unwrap()[1].parse().unwrap();
    let oldest = Regex::new(r#"rust-version = "1\.(\d+)""#).unwrap();
    let oldest: u32 = oldest.captures(&read("Cargo.toml")).unwrap()[1].parse().unwrap();
    assert!(minor >= oldest);
}
