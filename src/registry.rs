//! Every handler, validator and transport by its name in topics.toml: those that ship with the
//! server, and those that an app brings along.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::config::{self, Check, Config, Environment, Mistakes, did_you_mean};
use crate::handler::Handler;
use crate::intake::{Checkpoint, Pipeline};
use crate::topic::Properties;
use crate::transport::{Transport, Transports};
use crate::transports::unconfigured::Unconfigured;
use crate::validator::Validator;
use crate::{handlers, transports, validators};

/// A thing, or everything that is wrong with its settings.
type Built<T> = Result<Arc<T>, Vec<String>>;
type Build<T> = Box<dyn Fn(&Properties) -> Built<T> + Send + Sync>;
type BuildTransport = fn(&Site<'_>) -> Option<Arc<dyn Transport>>;

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

/// Where a transport is needed, and what its settings come from.
struct Site<'s> {
    config: &'s Config,
    topic: &'s config::Topic,
    environment: &'s Environment,
    mistakes: &'s Mistakes,
}

/// A topic whose parts have all been found.
#[derive(Clone)]
pub struct Service {
    pub topic: config::Topic,
    pub handler: Arc<dyn Handler>,
    /// What its webhooks come by.
    pub transport: Arc<dyn Transport>,
    /// What its people may be reached by, that one included.
    pub transports: Transports,
    validators: Vec<Ready>,
}

#[derive(Clone)]
struct Ready {
    name: String,
    text: String,
    validator: Arc<dyn Validator>,
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
    /// `mistakes`.
    pub fn assemble(
        &self,
        config: &Config,
        environment: &Environment,
        mistakes: &Mistakes,
    ) -> Vec<Service> {
        let service = |topic: &config::Topic| {
            let site = Site { config, topic, environment, mistakes };
            let validators: Vec<_> =
                topic.validators.iter().map(|check| self.build_validator(&site, check)).collect();
            let (handler, transport) = (self.build_handler(&site), self.build_transport(&site));
            let transport = transport?;
            Some(Service {
                topic: topic.clone(),
                handler: handler?,
                transports: Transports::default().with(&topic.transport, Arc::clone(&transport)),
                transport,
                validators: validators.into_iter().collect::<Option<_>>()?,
            })
        };
        config.topics.iter().filter_map(service).collect()
    }

    fn build_handler(&self, site: &Site<'_>) -> Option<Arc<dyn Handler>> {
        let name = &site.topic.handler;
        if name.is_empty() {
            return None; // The configuration has said that already.
        }
        let Some(build) = self.handlers.get(name) else {
            site.unknown("handler", name, self.handlers.keys());
            return None;
        };
        site.built("properties", build(&site.topic.properties))
    }

    fn build_transport(&self, site: &Site<'_>) -> Option<Arc<dyn Transport>> {
        let name = &site.topic.transport;
        let Some(build) = self.transports.get(name) else {
            site.unknown("transport", name, self.transports.keys());
            return None;
        };
        build(site)
    }

    fn build_validator(&self, site: &Site<'_>, check: &Check) -> Option<Ready> {
        let key = format!("validators.{}", check.name);
        let Some(known) = self.validators.get(&check.name) else {
            site.unknown(&key, &check.name, self.validators.keys());
            return None;
        };
        let text = check.text.clone().or_else(|| known.default_text.clone());
        if text.is_none() {
            site.mistake(&key, "has no text of its own", "write what the sender is told");
        }
        let validator = site.built(&key, (known.build)(&check.options))?;
        Some(Ready { name: check.name.clone(), text: text?, validator })
    }
}

impl Service {
    /// What its messages pass through on their way in from its own provider.
    pub fn pipeline(&self) -> Pipeline {
        self.pipeline_from(Arc::clone(&self.transport))
    }

    /// The same for messages that come by another transport.
    pub fn pipeline_from(&self, transport: Arc<dyn Transport>) -> Pipeline {
        let checkpoint = |ready: &Ready| Checkpoint {
            name: ready.name.clone(),
            text: ready.text.clone(),
            validator: Arc::clone(&ready.validator),
        };
        Pipeline {
            topic: self.topic.name.clone(),
            transport,
            validators: self.validators.iter().map(checkpoint).collect(),
            replies: self.topic.replies.clone(),
            limits: self.topic.limits.clone(),
        }
    }
}

impl Site<'_> {
    fn mistake(&self, key: &str, what: &str, fix: &str) {
        let key = format!("topics.{}.{key}", self.topic.name);
        self.mistakes.add(&self.config.file, &key, what, fix);
    }

    fn unknown<'n>(&self, key: &str, name: &str, known: impl Iterator<Item = &'n String>) {
        let fix = did_you_mean(name, known.map(String::as_str));
        self.mistake(key, &format!("nothing is called {name:?}"), &fix);
    }

    fn built<T: ?Sized>(&self, key: &str, built: Built<T>) -> Option<Arc<T>> {
        built
            .map_err(|errors| {
                let key = format!("topics.{}.{key}", self.topic.name);
                for error in errors {
                    self.mistakes.add_sentence(&self.config.file, &key, &error);
                }
            })
            .ok()
    }
}

fn twilio(site: &Site<'_>) -> Option<Arc<dyn Transport>> {
    let before = site.mistakes.lines().len();
    let settings = config::twilio(site.config, site.topic, site.environment, site.mistakes);
    if site.mistakes.lines().len() > before {
        return None;
    }
    let Some(settings) = settings else {
        let missing = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to reach real phones";
        return Some(Arc::new(Unconfigured::new(missing)));
    };
    match transports::twilio::Twilio::new(settings) {
        Ok(twilio) => Some(Arc::new(twilio)),
        Err(error) => {
            site.mistake("twilio", &format!("{error:#}"), "mend the variables that it names");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Purpose;

    const SHIPPED: &str = include_str!("../topics.toml");

    fn environment() -> Environment {
        // Whoever asks for TLS in this process has to have a provider first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        [
            ("REDIS_URL", "redis://localhost"),
            ("SECRET_KEY", "0123456789abcdef"),
            ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
            ("TWILIO_AUTH_TOKEN", "12345"),
        ]
        .into_iter()
        .collect()
    }

    fn assemble(text: &str) -> (Vec<Service>, Vec<String>) {
        let mistakes = Mistakes::default();
        let config = Config::read("topics.toml", text, &environment(), Purpose::Shared, &mistakes);
        let services = Registry::shipped().assemble(&config, &environment(), &mistakes);
        (services, mistakes.lines())
    }

    #[test]
    fn the_shipped_file_is_in_order() {
        let (services, mistakes) = assemble(SHIPPED);
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(services[0].topic.name.as_str(), "roulette");
        assert_eq!(services[0].topic.paths, ["/sms"]);
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
        let (services, mistakes) = assemble(&uncommented.join("\n"));
        assert_eq!(mistakes, Vec::<String>::new(), "{uncommented:#?}");
        let (defaults, _) = assemble("[topics.my_topic]\nhandler = \"echo\"");
        assert_eq!(services[0].topic.limits, defaults[0].topic.limits);
        assert_eq!(services[0].topic.sending, defaults[0].topic.sending);
        assert_eq!(services[0].topic.replies, defaults[0].topic.replies);
        let names = |service: &Service| {
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
        let (services, mistakes) = assemble(text);
        assert!(services.is_empty());
        for expected in [
            "topics.toml: topics.t.handler: nothing is called \"ehco\"; did you mean echo? known: echo, roulette",
            "topics.toml: topics.t.transport: nothing is called \"twillio\"; did you mean twilio? known: twilio",
            "topics.toml: topics.t.validators.lenght: nothing is called \"lenght\"; did you mean length?",
        ] {
            assert!(mistakes.iter().any(|line| line.starts_with(expected)), "{mistakes:#?}");
        }
    }

    #[test]
    fn the_settings_of_a_validator_and_a_handler_are_checked_at_the_start() {
        let text = "[topics.t]\nhandler = \"echo\"\nproperties.nonsense = 1\n\
                    validators.length.max = 0";
        let (_, mistakes) = assemble(text);
        for expected in
            ["topics.toml: topics.t.properties: ", "topics.toml: topics.t.validators.length: "]
        {
            assert!(mistakes.iter().any(|line| line.starts_with(expected)), "{mistakes:#?}");
        }
    }

    #[test]
    fn an_apps_own_parts_are_found_and_win_over_those_of_the_same_name() {
        let mut registry = Registry::shipped();
        let refuse = |_: &crate::message::Inbound| Err(crate::validator::Rejection(String::new()));
        registry.validator("length", Arc::new(refuse));
        registry.validator("mine", Arc::new(refuse));
        let mistakes = Mistakes::default();
        let text = "[topics.t]\nhandler = \"echo\"\nvalidators.mine = {}\nvalidators.length = {}";
        let config = Config::read("topics.toml", text, &environment(), Purpose::Shared, &mistakes);
        registry.assemble(&config, &environment(), &mistakes);
        // Only what is not ours to phrase is missing.
        assert_eq!(mistakes.lines().len(), 1, "{mistakes}");
        assert!(
            mistakes.lines()[0].starts_with("topics.toml: topics.t.validators.mine: has no text")
        );
    }
}
