//! The router: its phases, the scopes of its apps, its routes and its settings.

mod phases;
mod rapidsms;
mod routes;
mod scopes;
mod settings;

use crosswire::App;

/// Plays a strict script against a router with these properties.
fn play(app: App, properties: &str, script: &str) {
    let topics = format!(
        "[topics.t]\nhandler = \"router\"\naccept_response = \"\"\n[topics.t.properties]\n{properties}"
    );
    let played = app.topics(&topics).script("router", &format!("strict\n{script}"));
    played.unwrap_or_else(|failures| panic!("{failures}"));
}
