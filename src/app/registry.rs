//! Every handler, validator and transport by its name in topics.toml: those that ship with the
//! server, and those that an app brings along.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::app::config::DraftConfig;
use crate::contracts::handler::Handler;
use crate::contracts::settings::{BuildContext, ConfigErrors, Environment, did_you_mean};
use crate::contracts::transport::{Transport, Transports};
use crate::contracts::validator::Validator;
use crate::engine::topic::{BoundValidator, TopicRuntime};
use crate::model::topic::{Properties, TopicConfig, ValidatorConfig};
use crate::transports::unconfigured::Unconfigured;
use crate::{handlers, transports, validators};

/// A thing, or everything that is wrong with its settings.
type Built<T> = Result<Arc<T>, Vec<String>>;
type Build<T> = Box<dyn Fn(&Properties) -> Built<T> + Send + Sync>;
type BuildTransport = fn(&BuildContext<'_>) -> Option<Arc<dyn Transport>>;

/// What is known by name.
pub struct Registry {
    handlers: IndexMap<String, Build<dyn Handler>>,
    validators: IndexMap<String, KnownValidator>,
    transports: IndexMap<String, BuildTransport>,
}

struct KnownValidator {
    build: Build<dyn Validator>,
    /// An app's own has none: what it says is the topic's to write.
    default_text: Option<String>,
}

macro_rules! shipped {
    ($registry:ident: $($shelf:ident::$file:ident),* $(,)?) => {
        $(shipped!(@$shelf $registry $file);)*
    };
    (@handlers $registry:ident $file:ident) => {
        let build: Build<dyn Handler> =
            Box::new(|settings| handlers::$file::build(settings).map(Arc::from));
        $registry.handlers.insert(handlers::$file::NAME.to_owned(), build);
    };
    (@validators $registry:ident $file:ident) => {
        let known = KnownValidator {
            build: Box::new(|settings| validators::$file::build(settings).map(Arc::from)),
            default_text: Some(validators::$file::DEFAULT_TEXT.to_owned()),
        };
        $registry.validators.insert(validators::$file::NAME.to_owned(), known);
    };
}

impl Registry {
    /// Everything that ships. A new file on a shelf is one more line here.
    pub fn shipped() -> Self {
        let mut registry = Self {
            handlers: IndexMap::new(),
            validators: IndexMap::new(),
            transports: IndexMap::from([(transports::twilio::NAME.to_owned(), twilio as _)]),
        };
        shipped! { registry:
            handlers::echo,
            handlers::roulette,
            validators::length,
            validators::parseable,
            validators::pattern,
            validators::profanity,
        }
        registry
    }

    /// Adds a handler; one of this name that was there before makes way for it.
    pub fn handler(&mut self, name: &str, handler: Arc<dyn Handler>) {
        self.handlers.insert(name.to_owned(), Box::new(move |_| Ok(Arc::clone(&handler))));
    }

    /// Adds a validator; one of this name that was there before makes way for it.
    pub fn validator(&mut self, name: &str, validator: Arc<dyn Validator>) {
        let before = self.validators.shift_remove(name);
        let known = KnownValidator {
            build: Box::new(move |_| Ok(Arc::clone(&validator))),
            default_text: before.and_then(|known| known.default_text),
        };
        self.validators.insert(name.to_owned(), known);
    }

    /// Finds what every topic names. What is returned is whole only when nothing was added to
    /// `errors`.
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
            let (handler, transport) =
                (self.build_handler(&context), self.build_transport(&context));
            let transport = transport?;
            Some(TopicRuntime {
                config: topic.clone(),
                handler: handler?,
                transports: Transports::default().with(&topic.transport, Arc::clone(&transport)),
                transport,
                validators: validators.into_iter().collect::<Option<_>>()?,
                observer: None,
            })
        };
        draft.topics().iter().filter_map(service).collect()
    }

    fn build_handler(&self, context: &BuildContext<'_>) -> Option<Arc<dyn Handler>> {
        let name = &context.topic.handler;
        let Some(build) = self.handlers.get(name) else {
            report_unknown(context, "handler", name, self.handlers.keys());
            return None;
        };
        report_errors(context, "properties", build(&context.topic.properties))
    }

    fn build_transport(&self, context: &BuildContext<'_>) -> Option<Arc<dyn Transport>> {
        let name = &context.topic.transport;
        let Some(build) = self.transports.get(name) else {
            report_unknown(context, "transport", name, self.transports.keys());
            return None;
        };
        build(context)
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
            context.error(&key, "has no text of its own", "write what the sender is told");
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

fn report_errors<T: ?Sized>(
    context: &BuildContext<'_>,
    key: &str,
    built: Built<T>,
) -> Option<Arc<T>> {
    built
        .map_err(|errors| {
            let key = format!("topics.{}.{key}", context.topic.name);
            for error in errors {
                context.errors.add_sentence(context.file, &key, &error);
            }
        })
        .ok()
}

fn twilio(context: &BuildContext<'_>) -> Option<Arc<dyn Transport>> {
    let before = context.errors.lines().len();
    let settings = transports::twilio::config::read(context);
    if context.errors.lines().len() > before {
        return None;
    }
    let Some(settings) = settings else {
        let missing = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to reach real phones";
        return Some(Arc::new(Unconfigured::new(missing)));
    };
    match transports::twilio::Twilio::new(settings) {
        Ok(twilio) => Some(Arc::new(twilio)),
        Err(error) => {
            context.error("twilio", &format!("{error:#}"), "mend the variables that it names");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::settings::Purpose;

    const SHIPPED: &str = include_str!("../../topics.toml");

    fn environment() -> Environment {
        // Whoever asks for TLS in this process has to have a provider first.
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
    fn the_shipped_file_is_in_order() {
        let (services, errors) = assemble(SHIPPED);
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(services[0].config.name.as_str(), "roulette");
        assert_eq!(services[0].config.paths, ["/sms"]);
        assert_eq!(services[0].pipeline().replies.accept_response, "");
    }

    /// The comments are documentation: what they show must work, and be the defaults.
    #[test]
    fn the_keys_that_the_shipped_file_shows_are_all_there_are() {
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
            let pipeline = service.pipeline();
            pipeline.validators.into_iter().map(|v| (v.name, v.text)).collect::<Vec<_>>()
        };
        assert_eq!(names(&services[0])[0], ("length".to_owned(), "Too long, or empty.".to_owned()));
        assert_eq!(names(&services[0])[2].1, validators::profanity::DEFAULT_TEXT);
    }

    #[test]
    fn what_nobody_knows_is_named_with_what_is_known() {
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
    fn the_settings_of_a_validator_and_a_handler_are_checked_at_the_start() {
        let text = "[topics.t]\nhandler = \"echo\"\nproperties.nonsense = 1\n\
                    validators.length.max = 0";
        let (_, errors) = assemble(text);
        for expected in
            ["topics.toml: topics.t.properties: ", "topics.toml: topics.t.validators.length: "]
        {
            assert!(errors.iter().any(|line| line.starts_with(expected)), "{errors:#?}");
        }
    }

    #[test]
    fn an_apps_own_parts_are_found_and_win_over_those_of_the_same_name() {
        let mut registry = Registry::shipped();
        let refuse = |_: &crate::model::message::Inbound| {
            Err(crate::contracts::validator::Rejection(String::new()))
        };
        registry.validator("length", Arc::new(refuse));
        registry.validator("mine", Arc::new(refuse));
        let errors = ConfigErrors::default();
        let text = "[topics.t]\nhandler = \"echo\"\nvalidators.mine = {}\nvalidators.length = {}";
        let draft =
            DraftConfig::read("topics.toml", text, &environment(), Purpose::Shared, &errors);
        registry.assemble(&draft, &environment(), &errors);
        // Only what is not ours to phrase is missing.
        assert_eq!(errors.lines().len(), 1, "{errors}");
        assert!(
            errors.lines()[0].starts_with("topics.toml: topics.t.validators.mine: has no text")
        );
    }
}
