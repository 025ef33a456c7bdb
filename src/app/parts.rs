//! The parts of an app: its topics, handlers, validators and transports.

use serde::de::DeserializeOwned;

use super::program::Program;
use super::{App, Role};
use crate::app::registry::Registry;
use crate::contracts::handler::{Handler, Result, RouterApp};
use crate::contracts::settings::{BuildContext, Environment};
use crate::contracts::transport::Transport;
use crate::contracts::validator::Validator;

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// Creates an app with the shipped parts and without an environment, for tests: it plays scripts
    /// ([`App::script`]) on the topics of [`App::topics`].
    pub fn new() -> Self {
        Self::with_environment(Environment::default(), Role::Dev)
    }

    pub(super) fn with_environment(environment: Environment, role: Role) -> Self {
        // A program with two TLS providers has no default one; an earlier choice is kept.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (registry, program) = (Registry::shipped(), Program::own());
        Self { environment, topics: None, registry, role, program }
    }

    /// Sets the name and the version by which the program calls itself: in `--help` and `--version`, on
    /// its front page, in the banner of `dev` and on the tester's page. Without it the name is that of the
    /// executable.
    ///
    /// ```no_run
    /// # use crosswire::prelude::*;
    /// # fn main() -> Result {
    /// App::from_env()?.name("desk", env!("CARGO_PKG_VERSION")).run()
    /// # }
    /// ```
    #[must_use]
    pub fn name(mut self, name: &str, version: &str) -> Self {
        self.program = Program::named(name, version);
        self
    }

    /// Sets the text of topics.toml, in place of the file.
    #[must_use]
    pub fn topics(mut self, toml: &str) -> Self {
        self.topics = Some(toml.to_owned());
        self
    }

    /// Adds a handler, for topics whose `handler` has this name.
    #[must_use]
    pub fn handler(mut self, name: &str, handler: impl Handler + 'static) -> Self {
        self.registry.handler(name, handler);
        self
    }

    /// Adds a handler that is built from the `properties` of its topic.
    ///
    /// Unknown keys, values of another type and errors of `build` are reported at start, each with
    /// file, key and fix.
    ///
    /// ```
    /// use crosswire::prelude::*;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct GreeterSettings {
    ///     greeting: String,
    /// }
    ///
    /// struct Greeter(GreeterSettings);
    ///
    /// impl Handler for Greeter {
    ///     async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
    ///         cx.reply(self.0.greeting.as_str());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// App::new()
    ///     .handler_with("greeter", |settings: GreeterSettings| Ok(Greeter(settings)))
    ///     .topics("[topics.t]\nhandler = \"greeter\"\nproperties.greeting = \"Hi!\"\naccept_response = \"\"")
    ///     .script("greeter", "1 > hello\n1 < Hi!")?;
    /// # anyhow::Ok(())
    /// ```
    #[must_use]
    pub fn handler_with<S: DeserializeOwned, H: Handler + 'static>(
        mut self,
        name: &str,
        build: impl Fn(S) -> Result<H> + Send + Sync + 'static,
    ) -> Self {
        self.registry.handler_with(name, build);
        self
    }

    /// Adds a handler that is built from the `properties` of its topic and the context, which has the
    /// environment, where its secrets are.
    #[must_use]
    pub fn handler_from<S: DeserializeOwned, H: Handler + 'static>(
        mut self,
        name: &str,
        build: impl Fn(S, &BuildContext<'_>) -> Result<H> + Send + Sync + 'static,
    ) -> Self {
        self.registry.handler_from(name, build);
        self
    }

    /// Adds an app of routers, a handler with [phases](RouterApp), for those whose `apps` have this
    /// name and for topics whose `handler` has it.
    #[must_use]
    pub fn router_app(mut self, name: &str, app: impl RouterApp + 'static) -> Self {
        self.registry.router_app(name, app);
        self
    }

    /// Adds an app of routers that is built from its table in the `properties` of its router.
    #[must_use]
    pub fn router_app_with<S: DeserializeOwned, A: RouterApp + 'static>(
        mut self,
        name: &str,
        build: impl Fn(S) -> Result<A> + Send + Sync + 'static,
    ) -> Self {
        self.registry.router_app_with(name, build);
        self
    }

    /// Adds a validator, a type or a function, for topics whose `validators` have this name.
    #[must_use]
    pub fn validator(mut self, name: &str, validator: impl Validator + 'static) -> Self {
        self.registry.validator(name, validator);
        self
    }

    /// Adds a validator that is built from its table in its topic's `validators`, with the text for
    /// the sender of a topic that gives none.
    #[must_use]
    pub fn validator_with<S: DeserializeOwned, V: Validator + 'static>(
        mut self,
        name: &str,
        default_text: &str,
        build: impl Fn(S) -> Result<V> + Send + Sync + 'static,
    ) -> Self {
        self.registry.validator_with(name, default_text, build);
        self
    }

    /// Adds a transport, for topics whose `transport` has this name.
    #[must_use]
    pub fn transport(mut self, name: &str, transport: impl Transport + 'static) -> Self {
        self.registry.transport(name, transport);
        self
    }

    /// Adds a transport that is built from the table of its name in its topic; the context has the
    /// environment, where its secrets are.
    #[must_use]
    pub fn transport_with<S: DeserializeOwned, T: Transport + 'static>(
        mut self,
        name: &str,
        build: impl Fn(S, &BuildContext<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        self.registry.transport_with(name, build);
        self
    }
}
