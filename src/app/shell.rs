//! The commands `completions` and `man`: the command line, described to a shell and to `man`.

use std::io::Write as _;

use anyhow::{Context as _, Result};

use super::command_line;
use super::commands::{CompletionsOptions, ManOptions};
use super::program::Program;

/// Prints the completions of a shell.
pub(super) fn completions(program: &Program, options: &CompletionsOptions) -> Result<()> {
    let mut command = command_line::command(program);
    let name = name(program);
    // Written at once, as a reader that closes early would make the generator panic.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// Prints the manual page, or writes those of all commands into a directory.
pub(super) fn man(program: &Program, options: &ManOptions) -> Result<()> {
    let command = command_line::command(program).name(name(program));
    let Some(directory) = &options.directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return Ok(std::io::stdout().write_all(&page)?);
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(command, directory))
        .with_context(|| format!("cannot write manual pages to {}", directory.display()))
}

/// Returns the name by which a shell calls a program.
fn name(program: &Program) -> String {
    let title = program.title();
    if program.is_own() { title.to_lowercase() } else { title.to_owned() }
}
