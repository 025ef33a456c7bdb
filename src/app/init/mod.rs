//! The command `init`: the configuration of a shipped handler, in the working directory.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use dialoguer::{Input, Select};

use super::commands::InitOptions;
use super::files::{self, NewFile};
use crate::contracts::settings::did_you_mean;

/// Handler that a configuration can begin with.
struct Beginning {
    handler: &'static str,
    purpose: &'static str,
    topics: &'static str,
}

const BEGINNINGS: [Beginning; 4] = [
    Beginning {
        handler: "roulette",
        purpose: "anonymous chats of two strangers",
        topics: include_str!("roulette.toml"),
    },
    Beginning {
        handler: "rooms",
        purpose: "chat rooms that close by themselves",
        topics: include_str!("rooms.toml"),
    },
    Beginning {
        handler: "devices",
        purpose: "messages from device to device",
        topics: include_str!("devices.toml"),
    },
    Beginning {
        handler: "echo",
        purpose: "a reply to each message, to try things out",
        topics: include_str!("echo.toml"),
    },
];

const ENVIRONMENT: &str = include_str!("env.template");

/// Answers that the files depend on.
struct Answers {
    beginning: &'static Beginning,
    public_url: String,
}

/// Writes topics.toml and `.env` into a directory.
pub(super) fn init(options: &InitOptions, directory: &Path) -> anyhow::Result<()> {
    let answers = if std::io::stdin().is_terminal() { ask(options)? } else { given(options)? };
    let files = files(&answers)?;
    if options.force {
        files::replace(directory, &files)?;
    } else {
        files::write_new(directory, &files)
            .context("`--force` replaces files, and keeps the old ones under .bak")?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "Wrote topics.toml, with the handler {},", answers.beginning.handler)?;
    writeln!(out, "and .env, with a new SECRET_KEY and ADMIN_TOKEN.\n")?;
    writeln!(out, "crosswire dev      runs it here, with phones on a page")?;
    writeln!(out, "crosswire check    lists what a deployment still needs")?;
    Ok(())
}

/// Takes the answers from the flags.
fn given(options: &InitOptions) -> anyhow::Result<Answers> {
    let Some(handler) = &options.handler else {
        bail!("there is no terminal to ask on; name a handler, as in `--handler roulette`")
    };
    let public_url = options.public_url.clone().unwrap_or_default();
    Ok(Answers { beginning: find(handler)?, public_url })
}

/// Asks for the answers that the flags do not give.
fn ask(options: &InitOptions) -> anyhow::Result<Answers> {
    let beginning = if let Some(handler) = &options.handler {
        find(handler)?
    } else {
        let item = |known: &Beginning| format!("{:<10}{}", known.handler, known.purpose);
        let select = Select::new().with_prompt("Handler").items(BEGINNINGS.iter().map(item));
        &BEGINNINGS[select.default(0).interact()?]
    };
    let public_url = if let Some(url) = &options.public_url {
        url.clone()
    } else {
        let prompt = "Address under which the provider calls this server (empty: not yet)";
        Input::new().with_prompt(prompt).allow_empty(true).interact_text()?
    };
    Ok(Answers { beginning, public_url })
}

fn find(handler: &str) -> anyhow::Result<&'static Beginning> {
    BEGINNINGS.iter().find(|known| known.handler == handler).ok_or_else(|| {
        let fix = did_you_mean(handler, BEGINNINGS.iter().map(|known| known.handler));
        anyhow!("--handler: nothing is called {handler:?}; {fix}")
    })
}

fn files(answers: &Answers) -> anyhow::Result<[NewFile; 2]> {
    let environment = ENVIRONMENT
        .replace("{{secret_key}}", &secret()?)
        .replace("{{admin_token}}", &secret()?)
        .replace("{{public_url}}", &quoted(&answers.public_url)?);
    Ok([
        NewFile::new("topics.toml", answers.beginning.topics.to_owned()),
        NewFile { is_secret: true, ..NewFile::new(".env", environment) },
    ])
}

/// Returns 32 random bytes as hexadecimal digits.
fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Returns a value as `.env` holds it.
fn quoted(value: &str) -> anyhow::Result<String> {
    if value.is_empty() {
        return Ok(String::new());
    }
    if value.contains(['\'', '\n', '\r']) {
        bail!("--public-url: is no address; write scheme and host, as in https://example.com")
    }
    Ok(format!("'{value}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;

    #[test]
    fn every_beginning_is_a_valid_configuration_of_its_handler() {
        for beginning in &BEGINNINGS {
            let topics = beginning.topics;
            assert!(topics.contains(&format!("handler = \"{}\"", beginning.handler)));
            App::new().topics(topics).script(beginning.handler, "").unwrap();
        }
    }

    #[test]
    fn secrets_are_new_each_time_and_the_address_is_quoted() {
        let text = |public_url: &str| {
            let public_url = public_url.to_owned();
            let files = files(&Answers { beginning: &BEGINNINGS[0], public_url }).unwrap();
            files[1].text.clone()
        };
        let (one, two) = (text("https://example.com"), text(""));
        let key = |text: &str| {
            text.lines().find(|line| line.starts_with("SECRET_KEY=")).map(str::to_owned)
        };
        assert_ne!(key(&one), key(&two));
        assert_eq!(key(&one).map(|key| key.len()), Some("SECRET_KEY=".len() + 64));
        assert!(one.contains("\nPUBLIC_URL='https://example.com'\n"), "{one}");
        assert!(two.contains("\nPUBLIC_URL=\n") && !two.contains("{{"), "{two}");
        assert!(quoted("a'\nREDIS_URL=b").is_err());
    }
}
