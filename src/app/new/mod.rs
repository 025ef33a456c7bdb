//! The command `new`: a program of one's own, with a handler and its test.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::commands::NewOptions;
use super::files::{self, NewFile};

/// The source of the crate that this program was built from.
const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// Longest name: that of a topic.
const LONGEST: usize = 64;

/// Names that cargo refuses, or that another part of the program has.
const TAKEN: [&str; 9] =
    ["crosswire", "test", "core", "std", "alloc", "build", "deps", "examples", "incremental"];

/// Writes a new program into a directory of its name.
pub(super) fn new(options: &NewOptions, directory: &Path) -> anyhow::Result<()> {
    let name = &options.name;
    check_name(name)?;
    let source = source(options.crosswire.as_deref())?;
    let directory = directory.join(name);
    ensure!(
        !directory.exists(),
        "{} is already there; remove it, or choose another name",
        directory.display()
    );
    files::write_new(&directory, &files(name, source.as_deref()))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Wrote {name}/, a program with one handler and its test.\n")?;
    writeln!(out, "cd {name}\ncargo test         plays {name}.script")?;
    writeln!(out, "cargo run          runs it here, with phones on a page")?;
    Ok(())
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    ensure!(
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(legal)
            && name.len() <= LONGEST,
        "{name:?} cannot be the name of a program; write a letter, then letters, digits, - and _, all \
         small, {LONGEST} at most"
    );
    ensure!(!TAKEN.contains(&name), "the name {name} is taken; choose another");
    Ok(())
}

/// Returns the directory of the crate that the program depends on; none for the published version.
fn source(given: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let Some(given) = given else {
        let built_from = Path::new(SOURCE);
        return Ok(is_crate(built_from).then(|| built_from.to_owned()));
    };
    let problem = || format!("--crosswire: {} is not the crate's directory", given.display());
    ensure!(is_crate(given), problem());
    given.canonicalize().map(Some).with_context(problem)
}

fn is_crate(directory: &Path) -> bool {
    let manifest = std::fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    manifest.lines().any(|line| line == "name = \"crosswire\"")
}

fn files(name: &str, source: Option<&Path>) -> Vec<NewFile> {
    let fill = filling(name, source);
    vec![
        NewFile::new("Cargo.toml", fill(include_str!("template/Cargo.toml.template"))),
        NewFile::new("src/main.rs", fill(include_str!("template/main.rs.template"))),
        NewFile::new("topics.toml", fill(include_str!("template/topics.toml.template"))),
        NewFile::new(
            format!("{name}.script"),
            fill(include_str!("template/conversation.script.template")),
        ),
        NewFile::new("Dockerfile", fill(include_str!("template/Dockerfile.template"))),
        NewFile::new("README.md", fill(include_str!("template/README.md.template"))),
        NewFile::new(".gitignore", fill(include_str!("template/gitignore.template"))),
        NewFile::new(".dockerignore", fill(include_str!("template/dockerignore.template"))),
    ]
}

/// Returns the function that fills in the placeholders of a template.
fn filling(name: &str, source: Option<&Path>) -> impl Fn(&str) -> String {
    let quoted = source.map(|path| toml::Value::from(path.to_string_lossy().as_ref()).to_string());
    let version = env!("CARGO_PKG_VERSION");
    let dependency = quoted.map_or(format!("\"{version}\""), |path| format!("{{ path = {path} }}"));
    // The image is built without the files around it, so the crate is handed over by name.
    let copy_crate = source
        .map(|path| format!("COPY --from=crosswire . {}\n", path.display()))
        .unwrap_or_default();
    let context = source
        .map_or(String::new(), |path| format!("--build-context crosswire={} ", path.display()));
    let fillings = [
        ("{{name}}", name.to_owned()),
        ("{{rust}}", env!("CARGO_PKG_RUST_VERSION").to_owned()),
        ("{{dependency}}", dependency),
        ("{{copy_crate}}", copy_crate),
        ("{{docker_build}}", format!("docker build {context}-t {name} .")),
    ];
    move |template| {
        let fill = |text: String, (place, with): &(&str, String)| text.replace(place, with);
        fillings.iter().fold(template.to_owned(), fill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_that_of_a_package_and_a_topic() {
        for name in ["desk", "a", "my-desk_2"] {
            check_name(name).unwrap();
        }
        for name in ["", "Desk", "2desk", "-desk", "a b", "a/b", "..", "test", "crosswire"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name(&"a".repeat(65)).is_err());
    }

    #[test]
    fn every_placeholder_is_filled_with_and_without_a_source() {
        for source in [None, Some(Path::new("/srv/cross\"wire"))] {
            for file in files("desk", source) {
                assert!(!file.text.contains("{{"), "{}", file.path);
            }
            let manifest: toml::Table = files("desk", source)[0].text.parse().unwrap();
            let dependency = &manifest["dependencies"]["crosswire"];
            let path = dependency.get("path").and_then(toml::Value::as_str);
            assert_eq!(path, source.and_then(Path::to_str));
        }
    }
}
