//! Records of a survey: one for each time that a person took part.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::question::Question;
use crate::contracts::handler::{Result, Transaction};
use crate::model::address::Group;
use crate::model::table::Table;

/// Answers by the names of their questions.
pub(super) type Answers = Map<String, Value>;

/// Columns before those of the questions.
pub(super) const COLUMNS: [&str; 3] = ["person", "started", "finished"];

/// Pool with a member for each record.
const POOL: &str = "results";

/// Characters of a group's id that stand for the person, enough to tell millions of people apart.
const PERSON_LENGTH: usize = 16;

/// Record of the answers of one person. It has no number.
#[derive(Serialize)]
pub(super) struct Record {
    person: String,
    started: DateTime<Utc>,
    finished: Option<DateTime<Utc>>,
    #[serde(flatten)]
    answers: Answers,
}

impl Record {
    pub(super) fn new(
        tx: &Transaction,
        started: DateTime<Utc>,
        is_finished: bool,
        answers: Answers,
    ) -> Self {
        let person = tx.group().as_str().chars().take(PERSON_LENGTH).collect();
        Self { person, started, finished: is_finished.then(|| tx.now()), answers }
    }

    /// Stores the record. Its id is the person's and the time of its start, which no other one has.
    pub(super) fn store(&self, tx: &mut Transaction, keep: Duration) -> Result {
        let id = format!("{}:{}", tx.group(), self.started.timestamp_millis());
        let member = Group::named(&id);
        tx.put(&Table::key(POOL, member.as_str()), self, keep)?;
        tx.insert(POOL, &member, keep);
        Ok(())
    }
}

/// Returns the table of the records.
pub(super) fn table(questions: &[Question]) -> Table {
    let names = questions.iter().map(|question| question.name.clone());
    Table {
        name: String::new(),
        pool: POOL.to_owned(),
        columns: COLUMNS.map(str::to_owned).into_iter().chain(names).collect(),
    }
}
