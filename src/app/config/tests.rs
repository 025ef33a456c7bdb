//! Valid configurations, and the errors of invalid ones.

use super::*;
use crate::contracts::settings::ConfigErrors;

const KEY: &str = "5f0c1e9a7b3d2846";

fn environment() -> Vec<(&'static str, &'static str)> {
    vec![("REDIS_URL", "redis://localhost"), ("SECRET_KEY", KEY)]
}

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let errors = ConfigErrors::default();
    let environment = variables.iter().copied().collect();
    let draft = DraftConfig::read("topics.toml", text, &environment, Purpose::Shared, &errors);
    draft.finish(errors).map_err(|errors| errors.lines())
}

fn errors(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    read(text, variables).err().unwrap_or_default()
}

/// Returns the errors of a topic that is valid but for `lines`.
fn errors_of_topic(lines: &str) -> Vec<String> {
    errors(&format!("[topics.t]\nhandler = \"echo\"\n{lines}"), &environment())
}

#[test]
fn topic_of_two_lines_has_every_default() {
    let config = read("[topics.t]\nhandler = \"echo\"", &environment()).unwrap();
    let topic = &config.topics[0];
    assert_eq!(topic.transports.len(), 1);
    assert_eq!(topic.transports[0].name, "twilio");
    assert_eq!(topic.replies.accept_response, "Great, we'll get right back to you.");
    assert!(!topic.replies.send_on_accept);
    assert_eq!(topic.limits.max_depth, 100_000);
    assert_eq!(topic.limits.max_backlog_age.as_secs(), 3600);
    assert_eq!(topic.limits.retention.as_secs(), 7 * 24 * 3600);
    assert_eq!(config.server.host, "0.0.0.0");
}

#[test]
fn each_error_names_its_key_and_fix() {
    let table = [
        (
            "lease = 5",
            "topics.toml: topics.t.lease: is of the wrong kind; write a time with its unit",
        ),
        (
            "lease = \"2s\"",
            "topics.toml: topics.t.lease: is shorter than handler_timeout; write at least 5s",
        ),
        (
            "[profiles.dev]\nmax_connections = 100\nmax_connections_per_address = 101",
            "topics.toml: profiles.dev.max_connections_per_address: is out of range; write 1 to",
        ),
        ("partitions = 0", "topics.toml: topics.t.partitions: is out of range; write 1 to 1024"),
        (
            "max_backlog_age = \"9s\"",
            "topics.toml: topics.t.max_backlog_age: is too short; write at least 10s, or 0s for no limit",
        ),
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
            "paths = [\"/ws\"]",
            "topics.toml: topics.t.paths: /ws is taken by the server; choose another",
        ),
        (
            "paths = [\"/room/new\"]",
            "topics.toml: topics.t.paths: /room/new is taken by the server; choose another",
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
        ("handler = \"again\"", "topics.toml: line 3: duplicate key; correct the TOML"),
        ("oh no", "topics.toml: line 3: "),
    ];
    for (lines, expected) in table {
        let errors = errors_of_topic(lines);
        assert!(errors.iter().any(|line| line.starts_with(expected)), "{lines}: {errors:#?}");
    }
}

#[test]
fn each_error_in_the_environment_names_its_variable() {
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
        (
            ("LOG_FORMAT", "xml"),
            "environment: LOG_FORMAT: is no form of log lines; write text or json",
        ),
    ];
    for (variable, expected) in table {
        let mut variables = environment();
        variables.push(variable);
        let errors = errors("[topics.t]\nhandler = \"echo\"", &variables);
        assert_eq!(errors.len(), 1, "{variable:?}: {errors:#?}");
        assert!(errors[0].starts_with(expected), "{variable:?}: {errors:#?}");
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let text = "[topics.t]\nlease = 1\npartitions = 0\n[topics.u]\nsending.timeout = \"1h\"\nx = 1";
    let errors = errors(text, &[("PORT", "x")]);
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
fn validators_keep_their_order_and_short_form_sets_length_max() {
    let lines = "max_message_length = 70\n[topics.t.validators]\nzulu = \"z\"\nlength = {}\nalpha = { text = \"a\", x = 1 }";
    let text = format!("[topics.t]\nhandler = \"echo\"\n{lines}");
    let config = read(&text, &environment()).unwrap();
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
fn environment_overrides_profile() {
    let text = "[profiles.dev]\nport = 1\nhost = \"h\"\n[topics.t]\nhandler = \"echo\"";
    let mut variables = environment();
    variables.extend([("ENV", "DEV"), ("PORT", "2")]);
    let config = read(text, &variables).unwrap();
    assert_eq!((config.server.host.as_str(), config.server.port), ("h", 2));
}

#[test]
fn connection_limits_leave_room_beside_one_address_unless_it_is_a_proxy() {
    let limits = |profile: &str| {
        let text = format!("[topics.t]\nhandler = \"echo\"\n[profiles.prod]\n{profile}");
        let server = read(&text, &environment()).unwrap().server;
        (server.max_connections, server.max_connections_per_address)
    };
    assert_eq!(limits(""), (1024, 256));
    assert_eq!(limits("trust_forwarded = true"), (1024, 1024));
    assert_eq!(limits("max_connections = 400"), (400, 100));
    assert_eq!(limits("max_connections_per_address = 1000"), (1024, 1000));
}

#[test]
fn secrets_that_can_be_guessed_are_refused() {
    let weak = [
        "aaaaaaaaaaaaaaaa",
        "passwordpassword",
        "0123456789abcdef",
        "abcdefghijklmnop",
        "1234567812345678",
        "changemechangeme",
        "qwertyuiopasdfgh",
        "crosswirecrosswire",
    ];
    let fix = "can be guessed; set it";
    for secret in weak {
        for name in ["SECRET_KEY", "ADMIN_TOKEN"] {
            let mut variables = environment();
            variables.push((name, secret));
            let errors = errors("[topics.t]\nhandler = \"echo\"", &variables);
            assert_eq!(errors.len(), 1, "{secret}: {errors:#?}");
            let expected = format!("environment: {name}: {fix}");
            assert!(errors[0].starts_with(&expected), "{secret}: {errors:#?}");
            assert!(!errors[0].contains(secret), "{errors:#?}");
        }
    }
}

#[test]
fn random_secrets_are_accepted() {
    for secret in [
        KEY,
        "9d41c07be2f8a6350b7c1e94d2f8635a",
        "Qm7+vX2kTz0pLw9R",
        "correct horse battery staple and one more word",
    ] {
        let mut variables = environment();
        variables.push(("ADMIN_TOKEN", secret));
        let errors = errors("[topics.t]\nhandler = \"echo\"", &variables);
        assert_eq!(errors, [""; 0], "{secret}");
    }
}

#[test]
fn unknown_topic_is_reported_by_flag_or_variable() {
    let (errors, text) = (ConfigErrors::default(), "[topics.t]\nhandler = \"echo\"\n[topics.u]");
    let environment = environment().into_iter().collect();
    let draft = DraftConfig::read("topics.toml", text, &environment, Purpose::Shared, &errors);
    let before = errors.lines();
    // A topic with errors of its own is known all the same.
    for known in ["t", "u"] {
        draft.check_topic(TopicSelection::Flag(known), &errors);
    }
    assert_eq!(errors.lines(), before);
    draft.check_topic(TopicSelection::Flag("v"), &errors);
    draft.check_topic(TopicSelection::Variable("v"), &errors);
    assert_eq!(
        errors.lines()[before.len()..],
        [
            "command line: --topic: there is no topic \"v\"; did you mean t? known: t, u",
            "environment: TOPIC: You must provide a topic as an env var (TOPIC=my_topic); did you \
             mean t? known: t, u",
        ]
    );
}

#[test]
fn debug_shows_no_secret() {
    let mut variables = environment();
    variables[0].1 = "redis://:hunter2hunter2@localhost";
    let text = "[topics.t]\nhandler = \"echo\"\nproperties.token = \"hunter2hunter2\"";
    let shown = format!("{:?}", read(text, &variables).unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains(KEY), "{shown}");
}

const STRONG: &str = "91c7be03fa6d42588e0b7d5c";

/// Returns the errors of a file with this table of a token, and these variables besides.
fn errors_of_token(table: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let text = format!("[topics.t]\nhandler = \"echo\"\n[api.tokens.c]\n{table}");
    let known = environment();
    let all: Vec<_> = known.iter().chain(variables).copied().collect();
    errors(&text, &all)
}

#[test]
fn each_error_in_a_token_names_its_key_and_fix() {
    let table = [
        (
            "token_env = \"T\"",
            STRONG,
            "topics.toml: api.tokens.c.scopes: is missing; write some of",
        ),
        (
            "scopes = [\"send\"]",
            STRONG,
            "topics.toml: api.tokens.c.token_env: is missing; name the",
        ),
        (
            "token_env = \"T\"\nscopes = [\"sned\"]",
            STRONG,
            "topics.toml: api.tokens.c.scopes: there is no scope \"sned\"; did you mean send?",
        ),
        (
            "token_env = \"T\"\nscopes = [\"send\"]\ntopics = [\"tt\"]",
            STRONG,
            "topics.toml: api.tokens.c.topics: there is no topic \"tt\"; did you mean t?",
        ),
        (
            "token_env = \"T\"\nscopes = [\"send\"]",
            "91c7be03fa6d42588e0b7d5",
            "environment: T: is shorter than 24 bytes; set it to what `openssl rand -hex 32` prints",
        ),
        (
            "token_env = \"T\"\nscopes = [\"send\"]",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "environment: T: can be guessed; set it to what",
        ),
        (
            "token_env = \"T\"\nscopes = [\"send\"]",
            "",
            "environment: T: is not set; set it to what",
        ),
    ];
    for (lines, token, expected) in table {
        let found = errors_of_token(lines, &[("T", token)]);
        assert_eq!(found.len(), 1, "{lines}: {found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
        assert!(token.is_empty() || !found[0].contains(token), "{found:?}");
    }
}

#[test]
fn callers_have_tokens_of_their_own() {
    let tokens = "token_env = \"T\"\nscopes = [\"send\"]\n[api.tokens.d]\ntoken_env = \"U\"\nscopes = [\"read\"]";
    let other = "0b7d5c91c7be03fa6d42588e";
    assert_eq!(errors_of_token(tokens, &[("T", STRONG), ("U", other)]), [""; 0]);
    let found = errors_of_token(tokens, &[("T", STRONG), ("U", STRONG)]);
    assert_eq!(
        found,
        ["environment: U: is the token of c too; give each caller a token of its own"]
    );
}
