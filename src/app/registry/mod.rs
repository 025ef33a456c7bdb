//! Registry: every handler, validator and transport by its name in topics.toml, the shipped ones
//! and those that an app adds.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::contracts::handler::{DynHandler, Handler, InDialogue, Phased, Result, RouterApp};
use crate::contracts::settings::{BuildContext, SettingsErrors, build_part};
use crate::contracts::transport::{DynTransport, Transport};
use crate::contracts::validator::Validator;
use crate::handlers::{
    devices::Devices, echo::Echo, help::Help, language::Language, ping::Ping, register::Register,
    rooms::Rooms, roulette::Roulette, survey::Survey, webhook::Webhook,
};
use crate::model::topic::{Properties, TransportConfig};
use crate::transports::http::Http;
use crate::transports::kannel::Kannel;
use crate::transports::twilio::{self, Twilio};
use crate::transports::unconfigured::Unconfigured;
use crate::transports::websocket::WebSocket;
use crate::validators::{
    length::{self, Length},
    parseable::{self, Parseable},
    pattern::{self, Pattern},
    profanity::{self, Profanity},
};

mod assemble;
mod router;
#[cfg(test)]
mod tests;

type Built<T> = Result<Arc<T>, SettingsErrors>;
type Build<T> = Box<dyn Fn(&Properties) -> Built<T> + Send + Sync>;
type BuildHandler =
    Box<dyn Fn(&Properties, &PartContext<'_>) -> Built<dyn DynHandler> + Send + Sync>;
type BuildTransport =
    Box<dyn Fn(&BuildContext<'_>, &TransportConfig) -> Built<dyn DynTransport> + Send + Sync>;

/// The parts that topics may name.
#[derive(Default)]
pub struct Registry {
    handlers: IndexMap<String, BuildHandler>,
    validators: IndexMap<String, KnownValidator>,
    transports: IndexMap<String, BuildTransport>,
}

/// The input of a handler besides its settings.
struct PartContext<'a> {
    registry: &'a Registry,
    build: &'a BuildContext<'a>,
}

struct KnownValidator {
    build: Build<dyn Validator>,
    /// Text for the sender when the topic gives none.
    default_text: Option<String>,
}

/// Settings of a part that has none, so that every key is reported as unknown.
#[derive(Default, Deserialize)]
struct NoSettings {}

impl Registry {
    /// Returns the shipped parts, one line each.
    pub fn shipped() -> Self {
        let mut shipped = Self::default();
        shipped.handler_with("devices", Devices::new);
        shipped.handler_with("echo", Echo::new);
        shipped.handler_with("help", Help::new);
        shipped.router_app_with("language", Language::new);
        shipped.handler("ping", Ping);
        shipped.router_app_with("register", Register::new);
        shipped.handler_with("rooms", Rooms::new);
        shipped.handler_with("roulette", Roulette::new);
        shipped.handlers.insert("router".to_owned(), Box::new(router::build));
        shipped.handler_with("survey", |settings| Ok(InDialogue(Survey::new(settings)?)));
        shipped.handler_from("webhook", Webhook::new);
        shipped.validator_with("length", length::DEFAULT_TEXT, Length::new);
        shipped.validator_with("parseable", parseable::DEFAULT_TEXT, Parseable::new);
        shipped.validator_with("pattern", pattern::DEFAULT_TEXT, Pattern::new);
        shipped.validator_with("profanity", profanity::DEFAULT_TEXT, Profanity::new);
        shipped.transport_with("http", Http::new);
        shipped.transport_with("kannel", Kannel::build);
        shipped.transport_with("websocket", WebSocket::new);
        shipped.dyn_transport_with("twilio", |_: Properties, context, transport| {
            twilio(context, transport)
        });
        shipped
    }

    /// Adds a handler without settings, in place of an earlier one of its name.
    pub fn handler(&mut self, name: &str, handler: impl Handler + 'static) {
        let handler: Arc<dyn DynHandler> = Arc::new(handler);
        self.insert_handler(name, move |_: NoSettings, _| Ok(Arc::clone(&handler)));
    }

    /// Adds a handler that is built from its topic's `[properties]`.
    pub fn handler_with<S: DeserializeOwned, H: Handler + 'static>(
        &mut self,
        name: &str,
        build: impl Fn(S) -> Result<H> + Send + Sync + 'static,
    ) {
        self.insert_handler(name, move |settings, _| Ok(Arc::new(build(settings)?) as _));
    }

    /// Adds a handler that is built from its topic's `[properties]` and the context.
    pub fn handler_from<S: DeserializeOwned, H: Handler + 'static>(
        &mut self,
        name: &str,
        build: impl Fn(S, &BuildContext<'_>) -> Result<H> + Send + Sync + 'static,
    ) {
        self.insert_handler(name, move |settings, context| {
            Ok(Arc::new(build(settings, context.build)?) as _)
        });
    }

    /// Adds an app of routers without settings, which may be the handler of a topic as well.
    pub fn router_app(&mut self, name: &str, app: impl RouterApp + 'static) {
        let app: Arc<dyn DynHandler> = Arc::new(Phased(app));
        self.insert_handler(name, move |_: NoSettings, _| Ok(Arc::clone(&app)));
    }

    /// Adds an app of routers that is built from its table.
    pub fn router_app_with<S: DeserializeOwned, A: RouterApp + 'static>(
        &mut self,
        name: &str,
        build: impl Fn(S) -> Result<A> + Send + Sync + 'static,
    ) {
        self.insert_handler(name, move |settings, _| Ok(Arc::new(Phased(build(settings)?)) as _));
    }

    fn insert_handler<S: DeserializeOwned>(
        &mut self,
        name: &str,
        build: impl Fn(S, &PartContext<'_>) -> Result<Arc<dyn DynHandler>> + Send + Sync + 'static,
    ) {
        let build: BuildHandler =
            Box::new(move |table, context| build_part(table, |settings| build(settings, context)));
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
        let transport: Arc<dyn DynTransport> = Arc::new(transport);
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
        build: impl Fn(S, &BuildContext<'_>, &TransportConfig) -> Result<Arc<dyn DynTransport>>
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
}

fn json(table: &toml::Table) -> Properties {
    match serde_json::to_value(table) {
        Ok(serde_json::Value::Object(map)) => map,
        // A table is an object always.
        _ => Properties::new(),
    }
}

/// Builds the Twilio transport; a developer's machine without an account gets a stand-in.
fn twilio(
    context: &BuildContext<'_>,
    transport: &TransportConfig,
) -> Result<Arc<dyn DynTransport>> {
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
