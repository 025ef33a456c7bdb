//! Errors in the tables of jobs.

use crosswire::App;

fn errors(job: &str) -> String {
    let topics = format!("[topics.t]\nhandler = \"echo\"\n{job}");
    App::new().topics(&topics).script("a", "").unwrap_err().to_string()
}

#[test]
fn each_error_names_its_key_and_fix() {
    let cron = "write minute, hour, day, month and weekday, such as \"0 9 * * 1-5\"";
    for (job, expected) in [
        ("schedule.a.data = 1", format!("topics.t.schedule.a.cron: is missing, or no text; {cron}")),
        ("schedule.a.cron = 9", format!("topics.t.schedule.a.cron: is missing, or no text; {cron}")),
        ("schedule.a.cron = \"0 25 * * *\"", "topics.t.schedule.a.cron: cannot be read (".to_owned()),
        (
            "schedule.a.cron = \"0 0 30 2 *\"",
            format!("topics.t.schedule.a.cron: describes no time that ever comes; {cron}"),
        ),
        (
            "schedule.a = { cron = \"@daily\", timezone = \"Europe/Berlim\" }",
            "topics.t.schedule.a.timezone: there is no time zone \"Europe/Berlim\"; write a name of \
             the IANA time zones, such as \"Europe/Berlin\""
                .to_owned(),
        ),
        (
            "schedule.a = { cron = \"@daily\", timezon = \"UTC\" }",
            "topics.t.schedule.a.timezon: no such key; did you mean timezone?".to_owned(),
        ),
        (
            "schedule.\"a.b\".cron = \"@daily\"",
            "topics.t.schedule.a.b: cannot be the name of a job; use letters, digits, - and _ alone"
                .to_owned(),
        ),
        (
            "schedule.undeliverable.cron = \"@daily\"",
            "topics.t.schedule.undeliverable: is the name of a wake that means another thing".to_owned(),
        ),
    ] {
        let found = errors(job);
        assert!(found.contains(&expected), "{job}: {found}");
    }
}

#[test]
fn job_that_is_over_is_no_error() {
    let topics = "[topics.t]\nhandler = \"echo\"\nschedule.a.cron = \"0 0 0 1 1 * 1999\"";
    App::new().topics(topics).script("a", "").unwrap();
}
