//! Survey: questions from the configuration, asked one after the other, and a record of the answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::contracts::handler::{Context, Dialogue, Result, Transaction, Turn};
use crate::model::address::Address;
use crate::model::command::Command;
use crate::model::keyword::after;
use crate::model::message::Inbound;
use crate::model::table::Table;

mod kind;
mod question;
mod record;
mod settings;

use question::Question;
use record::{Answers, Record};
pub use settings::SurveySettings;

/// A survey, which a person begins with one of its start words.
pub struct Survey(SurveySettings);

/// Position in the survey: the answers so far. The open question is the first one without an answer,
/// also when the questions were changed meanwhile.
#[derive(Serialize, Deserialize)]
pub struct Step {
    started: DateTime<Utc>,
    answers: Answers,
}

impl Survey {
    /// Creates the survey, or reports every setting that cannot work.
    pub fn new(settings: SurveySettings) -> Result<Self> {
        settings.check()?;
        Ok(Self(settings))
    }

    fn open_question(&self, answers: &Answers) -> Option<&Question> {
        self.0.questions.iter().find(|question| !answers.contains_key(&question.name))
    }

    /// Asks the next question, or ends the survey after the last one.
    fn go_on(&self, cx: &mut Context, step: Step) -> Result<Turn<Step>> {
        if let Some(question) = self.open_question(&step.answers) {
            return Ok(Turn::ask(question.text.as_str(), step));
        }
        let Self(SurveySettings { keep, texts, once, .. }) = self;
        Record::new(cx, step.started, true, step.answers).store(cx, *keep)?;
        if *once {
            let key = done(cx);
            cx.put(&key, &true, *keep)?;
        }
        Ok(Turn::end(texts.thanks.as_str()))
    }
}

/// Key of the mark that a person has taken part.
fn done(tx: &Transaction) -> String {
    format!("done:{}", tx.group())
}

impl Dialogue for Survey {
    type Step = Step;

    async fn begin(&self, cx: &mut Context, message: &Inbound) -> Result<Turn<Step>> {
        let Self(SurveySettings { start, texts, once, .. }) = self;
        let text = message.text.reveal();
        if !start.iter().any(|word| after(word, text).is_some_and(str::is_empty)) {
            cx.decline_or_reply(texts.help.as_str());
            return Ok(Turn::Decline);
        }
        let key = done(cx);
        if *once && cx.get::<bool>(&key).await?.is_some() {
            return Ok(Turn::end(texts.already.as_str()));
        }
        if let Some(intro) = &texts.intro {
            cx.reply(intro.as_str());
        }
        let started = cx.now();
        self.go_on(cx, Step { started, answers: Answers::new() })
    }

    async fn answer(
        &self,
        cx: &mut Context,
        mut step: Step,
        message: &Inbound,
    ) -> Result<Turn<Step>> {
        let Some(question) = self.open_question(&step.answers) else { return self.go_on(cx, step) };
        match question.answer(message.text.reveal()) {
            None => Ok(Turn::ask(question.retry(), step)),
            Some(answer) => {
                step.answers.insert(question.name.clone(), answer);
                self.go_on(cx, step)
            }
        }
    }

    /// Keeps what was answered until then, as a record that is not finished.
    async fn timed_out(&self, tx: &mut Transaction, person: &Address, step: Step) -> Result {
        if !step.answers.is_empty() {
            Record::new(tx, step.started, false, step.answers).store(tx, self.0.keep)?;
        }
        if let Some(text) = &self.0.texts.timed_out {
            tx.send(person, text.as_str());
        }
        Ok(())
    }

    fn timeout(&self) -> std::time::Duration {
        self.0.timeout
    }

    fn commands(&self) -> Vec<Command> {
        let first = self.0.start.first();
        first.map(|word| Command::new(word.as_str(), "begins the survey")).into_iter().collect()
    }

    fn tables(&self) -> Vec<Table> {
        vec![record::table(&self.0.questions)]
    }
}
