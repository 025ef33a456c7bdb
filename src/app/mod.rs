//! The whole of it: what is configured is put together, checked, and run.
//!
//! Somebody's own handlers and validators make an app of their own:
//!
//! ```no_run
//! use async_trait::async_trait;
//! use crosswire::App;
//! use crosswire::contracts::handler::{Context, Handler, HandlerError};
//! use crosswire::model::message::Inbound;
//! use crosswire::contracts::validator::Rejection;
//!
//! struct YoMomma;
//!
//! #[async_trait]
//! impl Handler for YoMomma {
//!     async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result<(), HandlerError> {
//!         cx.reply("Yo momma's so polite, she says thanks to the cash machine.");
//!         Ok(())
//!     }
//! }
//!
//! fn must_say_it(message: &Inbound) -> Result<(), Rejection> {
//!     if message.text.reveal().to_lowercase().contains("yo momma") {
//!         Ok(())
//!     } else {
//!         Err(Rejection("does not say it".to_owned()))
//!     }
//! }
//!
//! fn main() -> anyhow::Result<()> {
//!     App::from_env()?.handler("yo_momma", YoMomma).validator("must_say_it", must_say_it).run()
//! }
//! ```
//!
//! with a topic that names them:
//!
//! ```toml
//! [topics.my_topic]
//! handler = "yo_momma"
//!
//! [topics.my_topic.validators]
//! must_say_it = "Say it."
//! ```

use std::sync::Arc;

use clap::Parser;

use crate::app::config::{StoreConfig, TopicSelection};
use crate::app::registry::Registry;
use crate::contracts::handler::Handler;
use crate::contracts::settings::{Environment, Purpose};
use crate::contracts::storage::SafetyCheck;
use crate::contracts::validator::Validator;

pub mod config;
pub mod registry;
pub mod telemetry;

mod banner;
mod check;
mod commands;
mod connections;
mod events;
mod failure;
mod partitions;
mod prepare;
mod process;
mod script;
mod secret;
mod serve;
mod store;
mod work;

pub use commands::{
    Cli, Command, DevOptions, EventsOptions, ScriptOptions, StandaloneOptions, Waivers, WebOptions,
    WorkerOptions,
};
pub use failure::Failure;

use prepare::Prepared;
use process::{Stop, run_to_the_end};
use serve::WebServer;

/// A messaging server, about to run.
pub struct App {
    environment: Environment,
    /// In place of the file, for scripts.
    topics: Option<String>,
    registry: Registry,
    role: Role,
}

/// What a process does that is not told by its command line.
#[derive(Clone, Copy)]
enum Role {
    Dev,
    Standalone,
    Web,
    Worker,
}

impl App {
    /// Everything that ships, configured by the environment of this process and the file that
    /// `TOPICS_FILE` names.
    ///
    /// # Errors
    /// When `RUN` names no role. Everything else is looked at when it runs, all at once.
    pub fn from_env() -> anyhow::Result<Self> {
        // Of two TLS providers in one program neither would be the default; whoever installed one
        // before us has chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let environment = config::process_environment();
        let role = match environment.get("RUN").map(str::to_lowercase).as_deref() {
            None | Some("dev") => Role::Dev,
            Some("standalone") => Role::Standalone,
            Some("web") => Role::Web,
            Some("worker") => Role::Worker,
            Some(_) => {
                anyhow::bail!(
                    "environment: RUN: no such role; write dev, standalone, web or worker"
                )
            }
        };
        Ok(Self { environment, topics: None, registry: Registry::shipped(), role })
    }

    /// Adds a handler, for the topics whose `handler` has this name.
    #[must_use]
    pub fn handler(mut self, name: &str, handler: impl Handler + 'static) -> Self {
        self.registry.handler(name, Arc::new(handler));
        self
    }

    /// Adds a validator, for the topics whose `validators` have this name: a type of its own or a
    /// function.
    #[must_use]
    pub fn validator(mut self, name: &str, validator: impl Validator + 'static) -> Self {
        self.registry.validator(name, Arc::new(validator));
        self
    }

    /// Does what the command line asks for. Without a command it is what `RUN` says, and without
    /// that `dev`.
    pub fn run(self) -> anyhow::Result<()> {
        match (Cli::parse().command, self.role) {
            (Some(Command::Dev(options)), _) => self.dev(&options),
            (None, Role::Dev) => self.dev(&DevOptions::default()),
            (Some(Command::Standalone(options)), _) => self.standalone(&options),
            (None, Role::Standalone) => self.standalone(&StandaloneOptions::default()),
            (Some(Command::Web(options)), _) => self.web(&options),
            (None, Role::Web) => self.web(&WebOptions::default()),
            (Some(Command::Worker(options)), _) => self.worker(&options),
            (None, Role::Worker) => self.worker(&WorkerOptions::default()),
            (Some(Command::Check), _) => self.check(),
            (Some(Command::Events(options)), _) => self.events(&options),
            (Some(Command::Script(options)), _) => self.scripts(&options),
        }
    }

    /// Takes messages in until it is told to stop.
    pub fn web(&self, options: &WebOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Shared, None)?;
        run_to_the_end(|stop: Stop| async move {
            let waived = &options.waivers.allow;
            let store = prepared.open_store(waived, &stop).await?;
            let server = WebServer::bind(&prepared, store, waived, &stop)?;
            server.run(&prepared.config.server.profile, stop).await
        })
    }

    /// Handles messages and sends the answers, until it is told to stop or has done what `options`
    /// ask for.
    pub fn worker(&self, options: &WorkerOptions) -> anyhow::Result<()> {
        let flag = options.topic.as_deref().map(TopicSelection::Flag);
        let selection =
            flag.or_else(|| self.environment.get("TOPIC").map(TopicSelection::Variable));
        let prepared = self.prepare(Purpose::Shared, selection)?;
        run_to_the_end(|stop: Stop| async move {
            let store = prepared.open_store(&options.waivers.allow, &stop).await?;
            work::work(&prepared, store, options.until(), stop).await
        })
    }

    /// Web and worker in one process, with what a deployment needs.
    pub fn standalone(&self, options: &StandaloneOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Standalone, None)?;
        run_to_the_end(async |stop| both(&prepared, &options.waivers.allow, stop).await)
    }

    /// Web and worker in one process, without what only a deployment needs.
    pub fn dev(&self, options: &DevOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Dev, None)?;
        // A developer's Redis need not keep messages safely. A disk that is known to be ephemeral is
        // a deployment's, by mistake.
        let waived = match prepared.config.store {
            StoreConfig::Redis(_) => SafetyCheck::ALL.to_vec(),
            StoreConfig::Embedded { .. } => options.waivers.allow.clone(),
        };
        run_to_the_end(async |stop| both(&prepared, &waived, stop).await)
    }

    fn prepare(
        &self,
        purpose: Purpose,
        selection: Option<TopicSelection<'_>>,
    ) -> anyhow::Result<Prepared> {
        anyhow::ensure!(
            self.topics.is_none(),
            "topics that are given as a text are for scripts; begin with App::from_env to run them"
        );
        Prepared::new(&self.environment, &self.registry, purpose, selection)
    }

    /// Says everything that is wrong with the configuration and the store.
    pub fn check(&self) -> anyhow::Result<()> {
        check::check(&self.environment, &self.registry)
    }

    /// Lists what is recorded of messages.
    pub fn events(&self, options: &EventsOptions) -> anyhow::Result<()> {
        let selection = options.topic.as_deref().map(TopicSelection::Flag);
        let (services, store) = prepare::inspect(&self.environment, &self.registry, selection)?;
        run_to_the_end(|_| events::list(&services, &store, options))
    }
}

async fn both(prepared: &Prepared, waived: &[SafetyCheck], stop: Stop) -> anyhow::Result<()> {
    let store = prepared.open_store(waived, &stop).await?;
    let web = WebServer::bind(prepared, Arc::clone(&store), waived, &stop)?;
    if prepared.config.purpose == Purpose::Dev {
        banner::show(prepared, &web.addresses)?;
    }
    let serving = web.run(&prepared.config.server.profile, stop.clone());
    let working = work::work(prepared, store, work::Until::Stopped, stop.clone());
    // When one of them cannot go on, the other has to come to its end in good order.
    let (served, worked) = tokio::join!(stop.with(serving), stop.with(working));
    served.and(worked)
}
