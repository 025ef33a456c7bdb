//! Settings of a router: every error is reported at once, with its key and a fix.

use crosswire::App;

fn errors_of(properties: &str) -> Vec<String> {
    let topics = format!("[topics.t]\nhandler = \"router\"\n[topics.t.properties]\n{properties}");
    let error = App::new().topics(&topics).script("none", "").unwrap_err();
    error.to_string().lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_error_of_every_app_is_reported_with_its_key() {
    let errors = errors_of(
        "apps = [\"echo\", \"polls\", \"a/b\", \"vote\", \"echo\", \"inner\", \"flat\", \"default\"]\n\
         default = \"\"\nflat = 7\nehco = {}\n\
         echo.texts = { hlep = \"?\" }\n\
         vote = { handler = \"pnig\", pattern = \"(\", keywords = [\"stop\"] }\n\
         inner.handler = \"router\"\ninner.apps = [\"ping\", \"pong\"]\n\
         inner.defualt = \"?\"\n\
         inner.ping = { words = 1 }\n",
    );
    let named = [
        "apps: \"a/b\" cannot be a name: an app's name is 1 to 64 of a-z A-Z 0-9 _ and -",
        "apps: \"echo\" is listed twice",
        "apps: \"default\" is a key of the router",
        "apps: nothing is called \"polls\"",
        "default: must have 1 to 1600 characters",
        "ehco: no such key, and no app of this router; did you mean echo?",
        "echo.texts.hlep: unknown field",
        "flat: is an app; write a table",
        "vote.handler: nothing is called \"pnig\"; did you mean ping?",
        "vote.pattern: regex parse error",
        "vote.keywords: \"stop\" is an opt-out word",
        "inner.apps: nothing is called \"pong\"",
        "inner.defualt: no such key, and no app of this router; did you mean default?",
        "inner.ping.words: unknown key",
    ];
    for name in named {
        let line = format!("topics: topics.t.properties.{name}");
        assert!(errors.iter().any(|error| error.starts_with(&line)), "{name}: {errors:#?}");
    }
}

#[test]
fn router_without_apps_is_reported() {
    assert_eq!(errors_of(""), ["topics: topics.t.properties.apps: is missing; set it"]);
    let errors = errors_of("apps = []");
    assert_eq!(
        errors,
        ["topics: topics.t.properties.apps: must have 1 to 64 names; correct the list"]
    );
}
