//! Tests of the registry: which parts are found, and how errors in their settings are reported.

use super::*;
use crate::app::config::DraftConfig;
use crate::contracts::settings::{ConfigErrors, Environment, Purpose};
use crate::contracts::transport::{ReceiveError, Received, SendError, SentReceipt, WebhookRequest};
use crate::contracts::validator::Rejection;
use crate::engine::topic::TopicRuntime;
use crate::model::message::{Inbound, Outbound};

const SHIPPED: &str = include_str!("../../../topics.toml");

fn environment() -> Environment {
    // A TLS client needs a provider to be installed first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    [
        ("REDIS_URL", "redis://localhost"),
        ("SECRET_KEY", "5f0c1e9a7b3d2846"),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "12345"),
    ]
    .into_iter()
    .collect()
}

fn assemble(text: &str) -> (Vec<TopicRuntime>, Vec<String>) {
    assemble_with(&Registry::shipped(), text)
}

fn assemble_with(registry: &Registry, text: &str) -> (Vec<TopicRuntime>, Vec<String>) {
    let errors = ConfigErrors::default();
    let draft = DraftConfig::read("topics.toml", text, &environment(), Purpose::Shared, &errors);
    let services = registry.assemble(&draft, &environment(), &errors);
    (services, errors.lines())
}

#[test]
fn shipped_topics_file_is_valid() {
    let (services, errors) = assemble(SHIPPED);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(services[0].config.name.as_str(), "roulette");
    assert_eq!(services[0].config.paths, ["/sms"]);
    assert_eq!(services[0].config.replies.accept_response, "");
}

/// The comments of the file are documentation: their keys must work, and be the defaults.
#[test]
fn commented_keys_of_the_shipped_file_are_valid_defaults() {
    let is_toml = |line: &&str| line.contains(" = ") || line.starts_with('[');
    let uncommented: Vec<&str> = SHIPPED
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(is_toml)
        .filter(|line| !line.contains("ENV="))
        .collect();
    let (services, errors) = assemble(&uncommented.join("\n"));
    assert_eq!(errors, Vec::<String>::new(), "{uncommented:#?}");
    let (defaults, _) = assemble("[topics.my_topic]\nhandler = \"echo\"");
    assert_eq!(services[0].config.limits, defaults[0].config.limits);
    assert_eq!(services[0].config.sending, defaults[0].config.sending);
    assert_eq!(services[0].config.replies, defaults[0].config.replies);
    let names = |service: &TopicRuntime| {
        service.validators.clone().into_iter().map(|v| (v.name, v.text)).collect::<Vec<_>>()
    };
    assert_eq!(names(&services[0])[0], ("length".to_owned(), "Too long, or empty.".to_owned()));
    assert_eq!(names(&services[0])[2].1, profanity::DEFAULT_TEXT);
    let (defaults, _) =
        assemble("[topics.my_sockets]\nhandler = \"echo\"\ntransport = \"websocket\"");
    let settings = |service: &TopicRuntime| {
        let (_, transport) = service.socket_transport()?;
        transport.sockets().map(|sockets| sockets.settings().clone())
    };
    assert!(settings(&defaults[0]).is_some());
    assert_eq!(settings(&services[1]), settings(&defaults[0]));
}

/// Returns the errors in the paths of the sockets of a topic `s`, beside a topic with the webhook
/// /sms and another one with the socket /chat.
fn socket_path_errors(paths: &str) -> Vec<String> {
    let text = format!(
        "[topics.other]\nhandler = \"echo\"\ntransport = \"websocket\"\npaths = [\"/sms\"]\n\
         websocket.paths = [\"/chat\"]\n\
         [topics.s]\nhandler = \"echo\"\ntransport = \"websocket\"\nwebsocket.paths = [{paths}]"
    );
    let errors = ConfigErrors::default();
    let draft = DraftConfig::read("topics.toml", &text, &environment(), Purpose::Shared, &errors);
    let services = Registry::shipped().assemble(&draft, &environment(), &errors);
    draft.check_socket_paths(&services, &environment(), &errors);
    errors.lines()
}

#[test]
fn path_of_sockets_that_is_taken_or_cannot_be_served_is_an_error_with_a_fix() {
    for (paths, expected) in [
        ("\"/sms\"", "\"/sms\" is the path of a webhook of other already; choose another"),
        ("\"/chat\"", "\"/chat\" is the path of the sockets of other already; choose another"),
        ("\"/a\", \"/a\"", "\"/a\" is the path of the sockets of s already; choose another"),
        ("\"/room/new\"", "\"/room/new\" is taken by the server; choose another"),
        ("\"/ws/other\"", "\"/ws/other\" is taken by the server; choose another"),
        ("\"/{a}\"", "\"/{a}\" cannot be served; write a path such as"),
    ] {
        let errors = socket_path_errors(paths);
        let expected = format!("topics.toml: topics.s.websocket.paths: {expected}");
        assert!(matches!(&errors[..], [line] if line.starts_with(&expected)), "{errors:#?}");
    }
    assert_eq!(socket_path_errors("\"/ws\", \"/wss\""), Vec::<String>::new());
}

#[test]
fn unknown_part_is_reported_with_the_known_ones() {
    let text = "[topics.t]\nhandler = \"ehco\"\ntransport = \"twillio\"\nvalidators.lenght = {}";
    let (services, errors) = assemble(text);
    assert!(services.is_empty());
    for expected in [
        "topics.toml: topics.t.handler: nothing is called \"ehco\"; did you mean echo? known: devices, echo, ",
        "topics.toml: topics.t.transport: nothing is called \"twillio\"; did you mean twilio? known: ",
        "topics.toml: topics.t.validators.lenght: nothing is called \"lenght\"; did you mean length?",
    ] {
        assert!(errors.iter().any(|line| line.starts_with(expected)), "{errors:#?}");
    }
}

#[test]
fn settings_of_validators_and_handlers_are_checked_at_start() {
    let text = "[topics.t]\nhandler = \"echo\"\nproperties.nonsense = 1\n\
                validators.length.max = 0";
    let (_, errors) = assemble(text);
    for expected in [
        "topics.toml: topics.t.properties.nonsense: ",
        "topics.toml: topics.t.validators.length.max: ",
    ] {
        assert!(errors.iter().any(|line| line.starts_with(expected)), "{errors:#?}");
    }
}

#[test]
fn added_parts_are_found_and_replace_shipped_ones() {
    let mut registry = Registry::shipped();
    let reject = |_: &Inbound| Err(Rejection::new(""));
    registry.validator("length", reject);
    registry.validator("mine", reject);
    let text = "[topics.t]\nhandler = \"echo\"\nvalidators.mine = {}\nvalidators.length = {}";
    let (_, errors) = assemble_with(&registry, text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("topics.toml: topics.t.validators.mine: has no default text"));
}

/// Transport of an app, which reads its token from the environment.
struct Gateway;

#[derive(Deserialize)]
struct GatewaySettings {
    token_env: String,
    retries: Option<u8>,
}

impl Gateway {
    fn new(settings: GatewaySettings, context: &BuildContext<'_>) -> Result<Self> {
        let GatewaySettings { token_env, retries } = settings;
        let mut errors = SettingsErrors::default();
        if context.environment.get(&token_env).is_none() {
            errors.add("token_env", "names a variable that is not set; set it");
        }
        if retries == Some(0) {
            errors.add("retries", "is 0; set it to 1 or more");
        }
        errors.into_result()?;
        Ok(Self)
    }
}

impl Transport for Gateway {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok(Received::Nothing)
    }

    async fn send(&self, _: &Outbound) -> Result<SentReceipt, SendError> {
        Err(SendError::NotSent("no line".to_owned()))
    }
}

#[derive(Deserialize, validator::Validate)]
struct ShortSettings {
    #[validate(length(min = 1, max = 3))]
    word: String,
}

/// Registry of an app whose parts have settings.
fn app_registry() -> Registry {
    let mut registry = Registry::shipped();
    registry.transport_with("gateway", Gateway::new);
    registry.validator_with("short", "Shorter, please.", |settings: ShortSettings| {
        validator::Validate::validate(&settings)?;
        Ok(move |message: &Inbound| {
            let is_it = message.text.reveal() == settings.word;
            is_it.then_some(()).ok_or_else(|| Rejection::new("another word"))
        })
    });
    registry
}

#[test]
fn errors_in_the_settings_of_added_parts_are_reported_at_once_with_their_keys() {
    let text = "[topics.t]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
                validators.short = { word = \"long\", words = 1 }\n\
                gateway = { token_env = \"NOT_SET\", retries = 0, region = \"eu\" }";
    let (services, mut errors) = assemble_with(&app_registry(), text);
    assert!(services.is_empty());
    errors.sort();
    assert_eq!(
        errors,
        [
            "topics.toml: topics.t.gateway.region: unknown key; remove it or correct its name",
            "topics.toml: topics.t.gateway.retries: is 0; set it to 1 or more",
            "topics.toml: topics.t.gateway.token_env: names a variable that is not set; set it",
            "topics.toml: topics.t.validators.short.word: must have 1 to 3 characters; \
             correct the value",
            "topics.toml: topics.t.validators.short.words: unknown key; \
             remove it or correct its name",
        ]
    );
}

#[test]
fn missing_and_mistyped_settings_are_reported_once_each() {
    let text = "[topics.t]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
                gateway.retries = 256\nvalidators.short.word = 5";
    let (_, errors) = assemble_with(&app_registry(), text);
    assert_eq!(errors.len(), 3, "{errors:#?}");
    for expected in [
        "topics.toml: topics.t.gateway.retries: invalid value",
        "topics.toml: topics.t.gateway.token_env: is missing; set it",
        "topics.toml: topics.t.validators.short.word: invalid type",
    ] {
        assert!(errors.iter().any(|line| line.starts_with(expected)), "{errors:#?}");
    }
}

#[test]
fn valid_settings_build_added_parts_with_their_default_text() {
    let text = "[topics.t]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
                gateway.token_env = \"TWILIO_AUTH_TOKEN\"\nvalidators.short.word = \"hi\"";
    let (services, errors) = assemble_with(&app_registry(), text);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(services[0].validators[0].text, "Shorter, please.");
}

#[test]
fn unknown_settings_are_reported_beside_a_missing_one() {
    let text = "[topics.t]\nhandler = \"echo\"\nvalidators.short = { wrod = \"hi\" }";
    let (_, errors) = assemble_with(&app_registry(), text);
    assert_eq!(
        errors,
        [
            "topics.toml: topics.t.validators.short.wrod: unknown key; \
             remove it or correct its name",
            "topics.toml: topics.t.validators.short.word: is missing; set it",
        ]
    );
}

#[test]
fn required_table_and_list_with_an_error_inside_are_not_reported_as_missing() {
    #[derive(Deserialize)]
    struct Nested {
        #[serde(rename = "list")]
        _list: Vec<bool>,
        #[serde(rename = "short")]
        _short: ShortSettings,
    }
    let mut registry = Registry::shipped();
    registry.handler_with("nested", |_: Nested| {
        Echo::new(crate::handlers::echo::EchoSettings::default())
    });
    let text =
        "[topics.t]\nhandler = \"nested\"\nproperties = { list = [1], short = { wrod = \"hi\" } }";
    let (_, errors) = assemble_with(&registry, text);
    assert_eq!(
        errors,
        [
            "topics.toml: topics.t.properties.list[0]: invalid type: integer `1`, \
             expected true or false; correct the value",
            "topics.toml: topics.t.properties.short.wrod: unknown key; \
             remove it or correct its name",
            "topics.toml: topics.t.properties.short.word: is missing; set it",
        ]
    );
}

#[test]
fn settings_of_a_part_that_has_none_are_reported_as_unknown_keys() {
    let mut registry = Registry::shipped();
    registry.validator("plain", |_: &Inbound| Ok(()));
    let text = "[topics.t]\nhandler = \"echo\"\nvalidators.plain = { text = \"No.\", max = 1 }";
    let (_, errors) = assemble_with(&registry, text);
    let expected = "topics.toml: topics.t.validators.plain.max: unknown key; \
                    remove it or correct its name";
    assert_eq!(errors, [expected]);
}

#[test]
fn mistyped_settings_are_reported_in_terms_of_toml() {
    let text = "[topics.t]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
                gateway = { token_env = \"TWILIO_AUTH_TOKEN\", retries = 256 }";
    let (_, errors) = assemble_with(&app_registry(), text);
    let expected = "topics.toml: topics.t.gateway.retries: invalid value: integer `256`, \
                    expected a whole number from 0 to 255; correct the value";
    assert_eq!(errors, [expected]);

    let text = "[topics.t]\nhandler = \"roulette\"\nproperties.texts = \"hello\"";
    let (_, errors) = assemble(text);
    let expected = "topics.toml: topics.t.properties.texts: invalid type: string \"hello\", \
                    expected a table; correct the value";
    assert_eq!(errors, [expected]);
}
