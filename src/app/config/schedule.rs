//! The tables `topics.<name>.schedule.<job>`: jobs, and when they run.

use chrono::DateTime;
use chrono_tz::Tz;
use croner::Cron;
use toml::Value;

use crate::contracts::handler::UNDELIVERABLE;
use crate::contracts::settings::Section;
use crate::model::job::Job;

const CRON_FIX: &str = "write minute, hour, day, month and weekday, such as \"0 9 * * 1-5\"";
const TIMEZONE_FIX: &str = "write a name of the IANA time zones, such as \"Europe/Berlin\"";

/// Reads the jobs of a topic.
pub(super) fn jobs(section: &mut Section<'_>) -> Vec<Job> {
    let tables = section.sections("schedule");
    tables.into_iter().filter_map(|(name, table)| job(name, table)).collect()
}

fn job(name: String, mut section: Section<'_>) -> Option<Job> {
    check_name(&name, &section);
    let (cron, timezone) = (cron(&mut section), timezone(&mut section));
    let data = section.value("data").map(serde_json::to_value);
    let data = data.and_then(Result::ok).unwrap_or_default();
    let job = cron.zip(timezone).map(|(cron, timezone)| Job { name, cron, timezone, data });
    // From the past on, so that a job that is over is no error.
    if job.as_ref().is_some_and(|job| job.next_after(DateTime::UNIX_EPOCH).is_none()) {
        section.error("cron", "describes no time that ever comes", CRON_FIX);
    }
    section.finish();
    job
}

fn check_name(name: &str, section: &Section<'_>) {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(legal) {
        section.error("", "cannot be the name of a job", "use letters, digits, - and _ alone");
    } else if name == UNDELIVERABLE {
        section.error("", "is the name of a wake that means another thing", "rename it");
    }
}

fn cron(section: &mut Section<'_>) -> Option<Cron> {
    let value = section.value("cron");
    let Some(text) = value.as_ref().and_then(Value::as_str) else {
        section.error("cron", "is missing, or no text", CRON_FIX);
        return None;
    };
    let parsed: Result<Cron, _> = text.parse();
    let cron = parsed.inspect_err(|error| {
        section.error("cron", &format!("cannot be read ({error})"), CRON_FIX);
    });
    cron.ok()
}

fn timezone(section: &mut Section<'_>) -> Option<Tz> {
    let Some(name) = section.get::<String>("timezone") else { return Some(Tz::UTC) };
    let parsed: Result<Tz, _> = name.parse();
    let unknown = |_: &_| {
        section.error("timezone", &format!("there is no time zone {name:?}"), TIMEZONE_FIX);
    };
    parsed.inspect_err(unknown).ok()
}
