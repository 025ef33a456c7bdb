//! Registry: every handler, validator and transport by its name in topics.toml, the shipped ones
//! and those that an app adds.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::config::DraftConfig;
use crate::contracts::handler::{DynHandler, Handler, Result};
use crate::contracts::settings::{
    BuildContext, ConfigErrors, Environment, SettingsErrors, build_part, did_you_mean,
};
use crate::contracts::transport::{Transport, Transports};
use crate::contracts::validator::Validator;
use crate::engine::topic::{BoundValidator, TopicRuntime};
use crate::handlers::{echo::Echo, roulette::Roulette};
use crate::model::topic::{Properties, TopicConfig, TransportConfig, ValidatorConfig};
use crate::transports::twilio::{self, Twilio};
use crate::transports::unconfigured::Unconfigured;
use crate::validators::{
    length::{self, Length},
    parseable::{self, Parseable},
    pattern::{self, Pattern},
    profanity::{self, Profanity},
};

type Built<T> = Result<Arc<T>, SettingsErrors>;
type Build<T> = Box<dyn Fn(&Properties) -> Built<T> + Send + Sync>;
type BuildTransport =
    Box<dyn Fn(&BuildContext<'_>, &TransportConfig) -> Built<dyn Transport> + Send + Sync>;

/// The parts that topics may name.
#[derive(Default)]
pub struct Registry {
    handlers: IndexMap<String, Build<dyn DynHandler>>,
    validators: IndexMap<String, KnownValidator>,
    transports: IndexMap<String, BuildTransport>,
}

struct KnownValidator {
    build: Build<dyn Validator>,
    /// Text for the sender when the topic gives none.
    default_text: Option<String>,
}

/// Settings of a part that has none, so that every key is reported as unknown.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}

impl Registry {
    /// Returns the shipped parts, one line each.
    pub fn shipped() -> Self {
        let mut shipped = Self::default();
        shipped.handler_with("echo", Echo::new);
        shipped.handler_with("roulette", Roulette::new);
        shipped.validator_with("length", length::DEFAULT_TEXT, Length::new);
        shipped.validator_with("parseable", parseable::DEFAULT_TEXT, Parseable::new);
        shipped.validator_with("pattern", pattern::DEFAULT_TEXT, Pattern::new);
        shipped.validator_with("profanity", profanity::DEFAULT_TEXT, Profanity::new);
        shipped.dyn_transport_with("twilio", |_: Properties, context, transport| {
            twilio(context, transport)
        });
        shipped
    }

    /// Adds a handler without settings, in place of an earlier one of its name.
    pub fn handler(&mut self, name: &str, handler: impl Handler + 'static) {
        let handler: Arc<dyn DynHandler> = Arc::new(handler);
        self.insert_handler(name, move |_: NoSettings| Ok(Arc::clone(&handler)));
    }

    /// Adds a handler that is built from its topic's `[properties]`.
    pub fn handler_with<S: DeserializeOwned, H: Handler + 'static>(
        &mut self,
        name: &str,
        build: impl Fn(S) -> Result<H> + Send + Sync + 'static,
    ) {
        self.insert_handler(name, move |settings| Ok(Arc::new(build(settings)?) as _));
    }

    fn insert_handler<S: DeserializeOwned>(
        &mut self,
        name: &str,
        build: impl Fn(S) -> Result<Arc<dyn DynHandler>> + Send + Sync + 'static,
    ) {
        let build: Build<dyn DynHandler> = Box::new(move |table| build_part(table, &build));
        self.handlers.insert(name.to_owned(), build);
    }

    /// Adds a validator without settings, in place of an earlier one of its name, whose default text
    /// it takes over.
    pub fn validator(&mut self, name: &str, validator: impl Validator + 'static) {
        let validator: Arc<dyn Validator> = Arc::new(validator);
        let earlier = self.validators.shift_remove(name);
        let default_text = earlier.and_then(|known| known.default_text);
        self.insert_validator(name, default_text, move |_: NoSettings| Ok(Arc::clone(&validator)));
    }

    /// Adds a validator that is built from its table in its topic's `[validators]`.
    pub fn validator_with<S: DeserializeOwned, V: Validator + 'static>(
        &mut self,
        name: &str,
        default_text: &str,
        build: impl Fn(S) -> Result<V> + Send + Sync + 'static,
    ) {
        let default_text = Some(default_text.to_owned());
        self.insert_validator(name, default_text, move |settings| {
            Ok(Arc::new(build(settings)?) as _)
        });
    }

    fn insert_validator<S: DeserializeOwned>(
        &mut self,
        name: &str,
        default_text: Option<String>,
        build: impl Fn(S) -> Result<Arc<dyn Validator>> + Send + Sync + 'static,
    ) {
        let build: Build<dyn Validator> = Box::new(move |table| build_part(table, &build));
        self.validators.insert(name.to_owned(), KnownValidator { build, default_text });
    }

    /// Adds a transport without settings, in place of an earlier one of its name.
    pub fn transport(&mut self, name: &str, transport: impl Transport + 'static) {
        let transport: Arc<dyn Transport> = Arc::new(transport);
        self.dyn_transport_with(name, move |_: NoSettings, _, _| Ok(Arc::clone(&transport)));
    }

    /// Adds a transport that is built from the table of its name in its topic, and the context.
    pub fn transport_with<S: DeserializeOwned, T: Transport + 'static>(
        &mut self,
        name: &str,
        build: impl Fn(S, &BuildContext<'_>) -> Result<T> + Send + Sync + 'static,
    ) {
        self.dyn_transport_with(name, move |settings, context, _| {
            Ok(Arc::new(build(settings, context)?) as _)
        });
    }

    fn dyn_transport_with<S: DeserializeOwned>(
        &mut self,
        name: &str,
        build: impl Fn(S, &BuildContext<'_>, &TransportConfig) -> Result<Arc<dyn Transport>>
        + Send
        + Sync
        + 'static,
    ) {
        let build: BuildTransport = Box::new(move |context, config| {
            let table = json(&config.settings);
            build_part(&table, |settings| build(settings, context, config))
        });
        self.transports.insert(name.to_owned(), build);
    }

    /// Builds the parts of every topic. The result is complete only when nothing was added to `errors`.
    pub fn assemble(
        &self,
        draft: &DraftConfig,
        environment: &Environment,
        errors: &ConfigErrors,
    ) -> Vec<TopicRuntime> {
        let service = |topic: &TopicConfig| {
            let context = draft.build_context(topic, environment, errors);
            let validators: Vec<_> = topic
                .validators
                .iter()
                .map(|check| self.build_validator(&context, check))
                .collect();
            let (handler, transports) =
                (self.build_handler(&context), self.build_transports(&context));
            Some(TopicRuntime {
                config: topic.clone(),
                handler: handler?,
                transports: transports?,
                validators: validators.into_iter().collect::<Option<_>>()?,
                observer: None,
            })
        };
        draft.topics().iter().filter_map(service).collect()
    }

    fn build_handler(&self, context: &BuildContext<'_>) -> Option<Arc<dyn DynHandler>> {
        let name = &context.topic.handler;
        let Some(build) = self.handlers.get(name) else {
            report_unknown(context, "handler", name, self.handlers.keys());
            return None;
        };
        report_errors(context, "properties", build(&context.topic.properties))
    }

    /// Builds every transport of a topic, so that the errors of all of them are reported.
    fn build_transports(&self, context: &BuildContext<'_>) -> Option<Transports> {
        let mut all = Some(Transports::default());
        for config in &context.topic.transports {
            let built = self.build_transport(context, config);
            all = all.zip(built).map(|(all, transport)| all.with(&config.name, transport));
        }
        all
    }

    fn build_transport(
        &self,
        context: &BuildContext<'_>,
        config: &TransportConfig,
    ) -> Option<Arc<dyn Transport>> {
        let Some(build) = self.transports.get(&config.name) else {
            let key = if context.topic.transports.len() > 1 { "transports" } else { "transport" };
            report_unknown(context, key, &config.name, self.transports.keys());
            return None;
        };
        report_errors(context, &config.name, build(context, config))
    }

    fn build_validator(
        &self,
        context: &BuildContext<'_>,
        check: &ValidatorConfig,
    ) -> Option<BoundValidator> {
        let key = format!("validators.{}", check.name);
        let Some(known) = self.validators.get(&check.name) else {
            report_unknown(context, &key, &check.name, self.validators.keys());
            return None;
        };
        let text = check.text.clone().or_else(|| known.default_text.clone());
        if text.is_none() {
            context.error(&key, "has no default text", "write the text that the sender gets");
        }
        let validator = report_errors(context, &key, (known.build)(&check.options))?;
        Some(BoundValidator { name: check.name.clone(), text: text?, validator })
    }
}

fn report_unknown<'n>(
    context: &BuildContext<'_>,
    key: &str,
    name: &str,
    known: impl Iterator<Item = &'n String>,
) {
    let fix = did_you_mean(name, known.map(String::as_str));
    context.error(key, &format!("nothing is called {name:?}"), &fix);
}

/// Reports every error in a part's settings under its full key.
fn report_errors<T: ?Sized>(
    context: &BuildContext<'_>,
    table: &str,
    built: Built<T>,
) -> Option<Arc<T>> {
    built
        .map_err(|errors| {
            let table = format!("topics.{}.{table}", context.topic.name);
            for (key, sentence) in errors {
                let key = if key.is_empty() { table.clone() } else { format!("{table}.{key}") };
                context.errors.add_sentence(context.file, &key, &sentence);
            }
        })
        .ok()
}

fn json(table: &toml::Table) -> Properties {
    match serde_json::to_value(table) {
        Ok(serde_json::Value::Object(map)) => map,
        // A table is an object always.
        _ => Properties::new(),
    }
}

/// Builds the Twilio transport; a developer's machine without an account gets a stand-in.
fn twilio(context: &BuildContext<'_>, transport: &TransportConfig) -> Result<Arc<dyn Transport>> {
    let before = context.errors.lines().len();
    let config = twilio::config::read(context, transport);
    if context.errors.lines().len() > before {
        // Reported already, each under its own key.
        return Err(SettingsErrors::default().into());
    }
    let Some(config) = config else {
        let missing = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to reach real phones";
        return Ok(Arc::new(Unconfigured::new(missing)));
    };
    Ok(Arc::new(Twilio::new(config)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::settings::Purpose;

    const SHIPPED: &str = include_str!("../../topics.toml");

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
        let errors = ConfigErrors::default();
        let draft =
            DraftConfig::read("topics.toml", text, &environment(), Purpose::Shared, &errors);
        let services = Registry::shipped().assemble(&draft, &environment(), &errors);
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
    }

    #[test]
    fn unknown_part_is_reported_with_the_known_ones() {
        let text =
            "[topics.t]\nhandler = \"ehco\"\ntransport = \"twillio\"\nvalidators.lenght = {}";
        let (services, errors) = assemble(text);
        assert!(services.is_empty());
        for expected in [
            "topics.toml: topics.t.handler: nothing is called \"ehco\"; did you mean echo? known: echo, roulette",
            "topics.toml: topics.t.transport: nothing is called \"twillio\"; did you mean twilio? known: twilio",
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
        let reject = |_: &crate::model::message::Inbound| {
            Err(crate::contracts::validator::Rejection(String::new()))
        };
        registry.validator("length", reject);
        registry.validator("mine", reject);
        let errors = ConfigErrors::default();
        let text = "[topics.t]\nhandler = \"echo\"\nvalidators.mine = {}\nvalidators.length = {}";
        let draft =
            DraftConfig::read("topics.toml", text, &environment(), Purpose::Shared, &errors);
        registry.assemble(&draft, &environment(), &errors);
        assert_eq!(errors.lines().len(), 1, "{errors}");
        assert!(
            errors.lines()[0]
                .starts_with("topics.toml: topics.t.validators.mine: has no default text")
        );
    }
}
