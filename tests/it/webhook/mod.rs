//! The handler `webhook`: apps behind a URL, played by scripts and by the real processes.

mod answers;
mod apps;
mod defects;
mod isolation;
mod outages;

use crosswire::App;

use crate::support::FakeApp;

/// A topic whose app is behind this URL.
fn topics(url: &str) -> String {
    format!(
        "[topics.t]\nhandler = \"webhook\"\naccept_response = \"\"\nerror_response = \"Sorry.\"\n\
         max_attempts = 2\n[topics.t.properties]\nurl = \"{url}\"\nallow_private = true\n\
         timeout = \"300ms\"\n"
    )
}

/// Plays a script on a topic with this app, and returns its failures.
fn failures(app: &FakeApp, script: &str) -> String {
    let played = App::new().topics(&topics(&app.url())).script("webhook", script);
    played.err().map(|failures| failures.to_string()).unwrap_or_default()
}

/// Plays a script that passes on a topic with this app.
fn play(app: &FakeApp, script: &str) {
    assert_eq!(failures(app, script), "");
}
