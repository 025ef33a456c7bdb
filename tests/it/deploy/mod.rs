//! The files that hosts read: their commands, variables and topics exist, and their limits fit the processes.
//!
//! `tests/deploy` checks their syntax with the tools of their hosts, `tests/image` builds and runs the image.

mod hosts;
mod image;

use std::path::Path;

use clap::Parser as _;
use crosswire::app::Cli;

use crate::docs::files_below;

fn read(path: &str) -> String {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(whole).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn table(path: &str) -> toml::Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the files of deploy/ with this extension.
fn deploy_files(extension: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let files = files_below(&folder, extension);
    assert!(!files.is_empty(), "deploy/ has files ending with {extension}");
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// Requires that `crosswire` has this command line.
fn require_command(arguments: &str) {
    let words = ["crosswire"].into_iter().chain(arguments.split_whitespace());
    if let Err(error) = Cli::try_parse_from(words) {
        panic!("{arguments}: {error}");
    }
}

/// Topics that topics.toml has.
fn topics() -> Vec<String> {
    table("topics.toml")["topics"].as_table().unwrap().keys().cloned().collect()
}

/// Topics that these commands of workers serve, one each.
fn served<'a>(commands: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let of = |command: &'a str| command.strip_prefix("worker --topic ");
    let mut topics: Vec<String> = commands.into_iter().filter_map(of).map(str::to_owned).collect();
    topics.sort();
    topics
}
