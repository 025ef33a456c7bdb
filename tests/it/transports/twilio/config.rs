//! Account of a topic, as the configuration names it.

use crosswire::app::config::DraftConfig;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::transports::twilio::{NAME, TwilioConfig, config};
use secrecy::ExposeSecret;

const ACCOUNT: [(&str, &str); 2] =
    [("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"), ("TWILIO_AUTH_TOKEN", "12345")];

fn settings(lines: &str, variables: &[(&str, &str)]) -> (TwilioConfig, Vec<String>) {
    let base = [("REDIS_URL", "redis://localhost"), ("SECRET_KEY", "5f0c1e9a7b3d2846")];
    let all: Vec<_> = base.iter().chain(&ACCOUNT).chain(variables).copied().collect();
    let (settings, errors) = settings_for(Purpose::Shared, lines, &all);
    (settings.expect("a deployment has settings"), errors)
}

fn settings_for(
    purpose: Purpose,
    lines: &str,
    variables: &[(&str, &str)],
) -> (Option<TwilioConfig>, Vec<String>) {
    let environment: Environment = variables.iter().copied().collect();
    let errors = ConfigErrors::default();
    let text = format!("[topics.t]\nhandler = \"echo\"\n{lines}");
    let draft = DraftConfig::read("topics.toml", &text, &environment, purpose, &errors);
    let topic = &draft.topics()[0];
    let context = draft.build_context(topic, &environment, &errors);
    let transport = topic.transports.iter().find(|transport| transport.name == NAME).unwrap();
    let settings = config::read(&context, transport);
    (settings, errors.lines())
}

#[test]
fn status_callback_names_the_transport_unless_it_is_the_first() {
    for (transports, path) in [
        ("transport = \"twilio\"", "t"),
        ("transports = [\"twilio\", \"other\"]", "t"),
        ("transports = [\"other\", \"twilio\"]", "t/twilio"),
    ] {
        let lines = format!("{transports}\ntwilio.from_number_env = \"NUMBER\"");
        let variables = [("NUMBER", "+15005550006"), ("PUBLIC_URL", "https://e.example")];
        let (settings, errors) = settings(&lines, &variables);
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(settings.status_callback, Some(format!("https://e.example/status/{path}")));
        assert_eq!(settings.from_number.as_deref(), Some("+15005550006"));
    }
}

#[test]
fn topic_may_name_its_own_variables() {
    let (settings, errors) = settings(
        "twilio = { auth_token_env = \"OTHER_TOKEN\" }",
        &[("OTHER_TOKEN", "67890"), ("PUBLIC_URL", "https://e.example/")],
    );
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(settings.auth_token.unwrap().expose_secret(), "67890");
    assert_eq!(settings.api_base, "https://api.twilio.com");
    assert_eq!(settings.status_callback.unwrap(), "https://e.example/status/t");
}

#[test]
fn development_topic_may_name_its_own_variables() {
    let table = "twilio = { account_sid_env = \"MY_SID\", auth_token_env = \"MY_TOKEN\" }";
    let mine = [("MY_SID", "AC1"), ("MY_TOKEN", "67890")];
    let (settings, errors) = settings_for(Purpose::Dev, table, &mine);
    assert_eq!(errors, Vec::<String>::new());
    let settings = settings.unwrap();
    assert_eq!(settings.account_sid, "AC1");
    assert_eq!(settings.auth_token.unwrap().expose_secret(), "67890");
}

#[test]
fn misspelt_key_is_reported_without_an_account() {
    let table = "twilio.auth_tokn_env = \"OTHER\"";
    let (settings, errors) = settings_for(Purpose::Dev, table, &[]);
    assert!(settings.is_none());
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].contains("auth_tokn_env: no such key; did you mean auth_token_env?"));
}

#[test]
fn options_are_read_from_the_table() {
    let table = "twilio = { validity_period = \"90m\", smart_encoding = true }";
    let (settings, errors) = settings(table, &[]);
    assert_eq!(errors, Vec::<String>::new());
    let options = settings.options;
    assert_eq!(options.validity_period, Some(std::time::Duration::from_mins(90)));
    assert!(options.smart_encoding);
    for period in ["0s", "1500ms", "11h"] {
        let table = format!("twilio.validity_period = \"{period}\"");
        let (_, errors) = self::settings(&table, &[]);
        assert_eq!(errors.len(), 1, "{period}: {errors:#?}");
        assert!(errors[0].contains("validity_period: is out of range"), "{errors:#?}");
    }
}

#[test]
fn missing_or_wrong_credential_is_named_by_its_variable() {
    let table = [
        ("", ("TWILIO_ACCOUNT_SID", ""), "environment: TWILIO_ACCOUNT_SID: is not set; set it"),
        (
            "",
            ("TWILIO_ACCOUNT_SID", "SK1"),
            "environment: TWILIO_ACCOUNT_SID: holds an API key's SID; set it to the account's SID, which starts with AC",
        ),
        (
            "",
            ("TWILIO_AUTH_TOKEN", ""),
            "environment: TWILIO_AUTH_TOKEN: is not set; set it to the account's auth token",
        ),
        (
            "",
            ("TWILIO_AUTH_TOKEN", "SK1"),
            "environment: TWILIO_AUTH_TOKEN: holds an API key's SID; set it to the account's auth token",
        ),
        (
            "",
            ("TWILIO_API_KEY", "SK1"),
            "environment: TWILIO_API_SECRET: is not set, but its counterpart is; set both",
        ),
        (
            "",
            ("TWILIO_API_SECRET", "x"),
            "environment: TWILIO_API_KEY: is not set, but its counterpart is; set both",
        ),
        (
            "",
            ("TWILIO_MESSAGING_SERVICE_SID", "AC1"),
            "environment: TWILIO_MESSAGING_SERVICE_SID: holds an account's SID",
        ),
        (
            "",
            ("TWILIO_API_BASE", "http://e.example"),
            "environment: TWILIO_API_BASE: is not a safe address for credentials",
        ),
        ("twilio.auth_token_env = \"OTHER\"", ("X", ""), "environment: OTHER: is not set; set it"),
        (
            "twilio.auth_token_env = \"0f0f\"",
            ("X", ""),
            "topics.toml: topics.t.twilio.auth_token_env: is not the name of an environment variable",
        ),
        (
            "twilio.auth_token = \"0f0f\"",
            ("X", ""),
            "topics.toml: topics.t.twilio.auth_token: no such key; did you mean auth_token_env?",
        ),
    ];
    for (lines, variable, expected) in table {
        let (_, errors) = settings(lines, &[variable]);
        assert_eq!(errors.len(), 1, "{lines} {variable:?}: {errors:#?}");
        assert!(errors[0].starts_with(expected), "{lines} {variable:?}: {errors:#?}");
        assert!(!errors[0].contains("0f0f"), "{errors:#?}");
    }
}
