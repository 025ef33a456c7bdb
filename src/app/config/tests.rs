//! Errors in files and environments, and what is said about them.

use super::*;

fn environment() -> Vec<(&'static str, &'static str)> {
    vec![("REDIS_URL", "redis://localhost"), ("SECRET_KEY", "0123456789abcdef")]
}

fn read(text: &str, variables: &[(&str, &str)]) -> (Config, Vec<String>) {
    let errors = ConfigErrors::default();
    let environment = variables.iter().copied().collect();
    let config = Config::read("topics.toml", text, &environment, Purpose::Shared, &errors);
    (config, errors.lines())
}

/// What is said about a topic that is in order but for `lines`.
fn mistakes_of(lines: &str) -> Vec<String> {
    read(&format!("[topics.t]\nhandler = \"echo\"\n{lines}"), &environment()).1
}

#[test]
fn a_topic_in_two_lines_has_every_default() {
    let (config, errors) = read("[topics.t]\nhandler = \"echo\"", &environment());
    assert_eq!(errors, Vec::<String>::new());
    let topic = &config.topics[0];
    assert_eq!(topic.transports.len(), 1);
    assert_eq!(topic.transports[0].name, "twilio");
    assert_eq!(topic.replies.accept_response, "Great, we'll get right back to you.");
    assert!(!topic.replies.send_on_accept);
    assert_eq!(topic.limits.max_depth, 100_000);
    assert_eq!(topic.limits.retention.as_secs(), 7 * 24 * 3600);
    assert_eq!(config.server.host, "0.0.0.0");
}

#[test]
fn each_mistake_is_named_with_its_key_and_its_fix() {
    let table = [
        (
            "lease = 5",
            "topics.toml: topics.t.lease: is of the wrong kind; write a time with its unit",
        ),
        (
            "lease = \"2s\"",
            "topics.toml: topics.t.lease: is shorter than handler_timeout; write at least 5s",
        ),
        ("partitions = 0", "topics.toml: topics.t.partitions: is out of range; write 1 to 1024"),
        ("max_dept = 5", "topics.toml: topics.t.max_dept: no such key; did you mean max_depth?"),
        (
            "sending.lease = \"10s\"",
            "topics.toml: topics.t.sending.lease: is too short for a whole call to the provider; write at least 10s 500ms",
        ),
        (
            "sending.on_ambiguous = \"pray\"",
            "topics.toml: topics.t.sending.on_ambiguous: is of the wrong kind; write \"reconcile\"",
        ),
        (
            "sending.max_attempts = 101",
            "topics.toml: topics.t.sending.max_attempts: is out of range; write 1 to 100",
        ),
        (
            "transport = \"a\"\ntransports = [\"a\", \"b\"]",
            "topics.toml: topics.t.transport: stands beside transports; remove one of them",
        ),
        (
            "transports = []",
            "topics.toml: topics.t.transports: is empty; name at least one, such as [\"twilio\"]",
        ),
        (
            "transports = [\"a\", \"a\"]",
            "topics.toml: topics.t.transports: names \"a\" twice; remove one of them",
        ),
        ("b.x = 1\ntransports = [\"a\"]", "topics.toml: topics.t.b: no such key; "),
        (
            "paths = [\"/status/t\"]",
            "topics.toml: topics.t.paths: /status/t is taken by the server; choose another",
        ),
        (
            "paths = [\"/a{b}\"]",
            "topics.toml: topics.t.paths: \"/a{b}\" cannot be served; write a path",
        ),
        (
            "paths = [\"/sms\", \"/sms\"]",
            "topics.toml: topics.t.paths: /sms belongs to t already; choose another",
        ),
        (
            "validators.length = 5",
            "topics.toml: topics.t.validators.length: is of the wrong kind; write the text",
        ),
        (
            "validators.length.text = 5",
            "topics.toml: topics.t.validators.length.text: is of the wrong kind",
        ),
        ("max_message_length = 5", "topics.toml: topics.t.max_message_length: has no effect"),
        (
            "max_message_length = 5\nvalidators.length.max = 6",
            "topics.toml: topics.t.max_message_length: says what validators.length.max says too",
        ),
        (
            "[topics.\"a b\"]\nhandler = \"echo\"",
            "topics.toml: topics.a b: a topic's name is 1 to 64",
        ),
        ("[topics.u]", "topics.toml: topics.u.handler: is missing; name the handler"),
        (
            "[profiles.dev]\nlog_level = \"inof\"",
            "topics.toml: profiles.dev.log_level: no such level; did you mean info?",
        ),
        ("handler = \"again\"", "topics.toml: line 3: duplicate key; mend the TOML"),
        ("oh no", "topics.toml: line 3: "),
    ];
    for (lines, expected) in table {
        let errors = mistakes_of(lines);
        assert!(errors.iter().any(|line| line.starts_with(expected)), "{lines}: {errors:#?}");
    }
}

#[test]
fn each_mistake_in_the_environment_is_named_with_its_variable() {
    let table = [
        (("PORT", "http"), "environment: PORT: cannot be read; write a port"),
        (("ENV", "prodd"), "environment: ENV: there is no profile \"prodd\"; did you mean prod?"),
        (("REDIS_URL", ""), "environment: REDIS_URL: is not set; set it"),
        (
            ("REDIS_TLS_VERIFY", "no"),
            "environment: REDIS_TLS_VERIFY: cannot be read; write true or false",
        ),
        (("SECRET_KEY", ""), "environment: SECRET_KEY: is not set; set it, once"),
        (("SECRET_KEY", "short"), "environment: SECRET_KEY: is shorter than 16 bytes; set it"),
        (("PUBLIC_URL", "example.com"), "environment: PUBLIC_URL: is not the address of a server"),
        (
            ("PUBLIC_URL", "https://e.example/a"),
            "environment: PUBLIC_URL: is not the address of a server",
        ),
        (("RUST_LOG", "a=b=c"), "environment: RUST_LOG: cannot be read; write a level"),
    ];
    for (variable, expected) in table {
        let mut variables = environment();
        variables.push(variable);
        let (_, errors) = read("[topics.t]\nhandler = \"echo\"", &variables);
        assert_eq!(errors.len(), 1, "{variable:?}: {errors:#?}");
        assert!(errors[0].starts_with(expected), "{variable:?}: {errors:#?}");
    }
}

#[test]
fn all_mistakes_are_said_at_once() {
    let text = "[topics.t]\nlease = 1\npartitions = 0\n[topics.u]\nsending.timeout = \"1h\"\nx = 1";
    let (_, errors) = read(text, &[("PORT", "x")]);
    for part in [
        "t.lease",
        "t.partitions",
        "t.handler",
        "u.handler",
        "u.sending.lease",
        "u.x",
        "PORT",
        "REDIS_URL",
        "SECRET_KEY",
    ] {
        assert!(errors.iter().any(|line| line.contains(part)), "{part}: {errors:#?}");
    }
}

#[test]
fn validators_keep_the_order_of_the_file_and_the_shorthand_is_an_option_of_length() {
    let lines = "max_message_length = 70\n[topics.t.validators]\nzulu = \"z\"\nlength = {}\nalpha = { text = \"a\", x = 1 }";
    let (config, errors) =
        read(&format!("[topics.t]\nhandler = \"echo\"\n{lines}"), &environment());
    assert_eq!(errors, Vec::<String>::new());
    let checks = &config.topics[0].validators;
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["zulu", "length", "alpha"]);
    assert_eq!(checks[0].text.as_deref(), Some("z"));
    assert_eq!(checks[1].options["max"], 70);
    assert_eq!(checks[1].text, None);
    assert_eq!(checks[2].text.as_deref(), Some("a"));
    assert!(!checks[2].options.contains_key("text"));
}

#[test]
fn the_profile_gives_what_the_environment_does_not() {
    let text = "[profiles.dev]\nport = 1\nhost = \"h\"\n[topics.t]\nhandler = \"echo\"";
    let mut variables = environment();
    variables.extend([("ENV", "DEV"), ("PORT", "2")]);
    let (config, errors) = read(text, &variables);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!((config.server.host.as_str(), config.server.port), ("h", 2));
}

#[test]
fn a_topic_that_is_not_there_is_answered_with_those_that_are() {
    let (config, _) = read("[topics.t]\nhandler = \"echo\"", &environment());
    let errors = ConfigErrors::default();
    config.check_topic("t", &errors);
    assert!(errors.is_empty());
    config.check_topic("u", &errors);
    let said = errors.to_string();
    assert!(said.contains("You must provide a topic as an env var (TOPIC=my_topic)"), "{said}");
    assert!(said.contains("known: t"), "{said}");
}

#[test]
fn debug_shows_no_secret() {
    let mut variables = environment();
    variables[0].1 = "redis://:hunter2hunter2@localhost";
    let text = "[topics.t]\nhandler = \"echo\"\nproperties.token = \"hunter2hunter2\"";
    let shown = format!("{:?}", read(text, &variables).0);
    assert!(!shown.contains("hunter2") && !shown.contains("0123456789abcdef"), "{shown}");
}
