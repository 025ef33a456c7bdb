//! Jobs: wakes of a handler at times of the calendar, with several workers, after downtime, and on the
//! clock of scripts.

mod config;
mod deployment;
mod scripts;
mod workers;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::engine::topic::TopicRuntime;
use crosswire::prelude::*;

/// Times at which a handler was woken.
type Runs = Arc<Mutex<Vec<DateTime<Utc>>>>;

/// Handler that notes when its job runs, and fails when that is all it does.
#[derive(Clone, Default)]
struct Log {
    runs: Runs,
    is_failing: bool,
}

impl Handler for Log {
    async fn handle(&self, _: &mut Context, _: &Inbound) -> Result {
        Ok(())
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        assert_eq!((wake.name.as_str(), wake.data::<u8>()?), ("job", 7));
        self.runs.lock().unwrap().push(tx.now());
        anyhow::ensure!(!self.is_failing, "as requested");
        Ok(())
    }
}

/// Builds a topic with this handler, and with these tables below `schedule`.
fn topic(handler: impl Handler + 'static, schedule: &str) -> TopicRuntime {
    let toml = format!("[topics.t]\nhandler = \"h\"\naccept_response = \"\"\n{schedule}");
    let mut registry = Registry::shipped();
    registry.handler("h", handler);
    let (environment, errors) = (Environment::default(), ConfigErrors::default());
    let draft = DraftConfig::read("topics.toml", &toml, &environment, Purpose::Dev, &errors);
    let mut topics = registry.assemble(&draft, &environment, &errors);
    errors.into_result().unwrap();
    topics.remove(0)
}

/// Returns the table of the job that [`Log`] expects.
fn job(cron: &str) -> String {
    format!("[topics.t.schedule.job]\ncron = \"{cron}\"\ndata = 7\n")
}
