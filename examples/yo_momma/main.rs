//! Jokes on request: a handler, and a validator that insists on the magic words.
//!
//! `TOPICS_FILE=examples/yo_momma/topics.toml cargo run --example yo_momma`

use std::time::Duration;

use crosswire::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct YoMomma {
    jokes: Vec<String>,
}

impl YoMomma {
    fn new(settings: Self) -> Result<Self> {
        let mut errors = SettingsErrors::default();
        if settings.jokes.is_empty() {
            errors.add("jokes", "is empty; write at least one joke");
        }
        errors.into_result()?;
        Ok(settings)
    }
}

impl Handler for YoMomma {
    async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
        let told = cx.state::<usize>().await?.unwrap_or(0);
        cx.set_state(&(told + 1), Duration::from_hours(24))?;
        cx.reply(self.jokes[told % self.jokes.len()].as_str());
        Ok(())
    }
}

fn must_say_it(message: &Inbound) -> Result<(), Rejection> {
    if message.text.reveal().to_lowercase().contains("yo momma") {
        Ok(())
    } else {
        Err(Rejection::new("does not say yo momma"))
    }
}

fn with_parts(app: App) -> App {
    app.handler_with("yo_momma", YoMomma::new).validator("must_say_it", must_say_it)
}

fn main() -> Result {
    with_parts(App::from_env()?).run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jokes_take_turns_and_other_texts_are_rejected() {
        let app = with_parts(App::new()).topics(include_str!("topics.toml"));
        app.script("yo_momma", include_str!("yo_momma.script")).unwrap();
    }

    #[test]
    fn settings_without_jokes_are_reported_with_their_key() {
        let topics =
            "[topics.jokes]\nhandler = \"yo_momma\"\nproperties = { jokes = [], joke = 1 }";
        let error = with_parts(App::new()).topics(topics).script("none", "").unwrap_err();
        let error = error.to_string();
        assert!(error.contains("topics.jokes.properties.jokes: is empty"), "{error}");
        assert!(error.contains("topics.jokes.properties.joke: unknown key"), "{error}");
    }
}
