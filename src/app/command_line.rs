//! The command line of a program, which calls itself by its own name.

use clap::{CommandFactory as _, FromArgMatches as _};

use super::commands::Cli;
use super::program::Program;

/// Commands that begin a program. One that exists does not offer them.
const BEGINNINGS: [&str; 2] = ["new", "init"];

/// Parses the command line of this process. Exits after an error, `--help` and `--version`.
pub(super) fn parse(program: &Program) -> Cli {
    let matches = command(program).get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Returns the command line of a program.
pub(super) fn command(program: &Program) -> clap::Command {
    let command = Cli::command().version(program.version());
    if program.is_own() {
        return command;
    }
    let about = format!("A messaging server, built on Crosswire {}.", env!("CARGO_PKG_VERSION"));
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let long = long.split_once("\n\n").map_or("", |(_, rest)| rest);
    let long = format!("{about}\n\n{long}");
    let command = command.name(program.title().to_owned()).about(about).long_about(long);
    let hide = |command: clap::Command, name| command.mut_subcommand(name, |it| it.hide(true));
    BEGINNINGS.into_iter().fold(command, hide)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[test]
    fn help_and_version_say_the_name_of_the_program() {
        let mut command = command(&Program::named("desk", "1.2.3"));
        let version = format!("desk 1.2.3 (Crosswire {VERSION})\n");
        assert_eq!(command.render_version(), version);
        let help = command.render_long_help().to_string();
        let about =
            format!("A messaging server, built on Crosswire {VERSION}.\n\nWithout a command");
        assert!(help.starts_with(&about), "{help}");
        assert!(help.contains("Usage: desk"), "{help}");
        assert!(!help.contains("Strangers") && !help.contains("init"), "{help}");
    }

    #[test]
    fn crosswire_itself_keeps_its_help() {
        let mut command = command(&Program::own());
        assert_eq!(command.render_version(), format!("crosswire {VERSION}\n"));
        let help = command.render_long_help().to_string();
        assert!(help.contains("Strangers") && help.contains("init"), "{help}");
    }
}
