//! The application: what is configured is put together, checked, and run.

use std::sync::Arc;

use clap::Parser;

use crate::app::registry::Registry;
use crate::contracts::settings::{Environment, Purpose};

// For this crate's own tests and binaries.
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod registry;
#[doc(hidden)]
pub mod telemetry;

mod banner;
mod commands;
mod events;
mod failure;
mod parts;
mod prepare;
mod process;
mod script;
mod secret;
mod serve;
mod store;
mod work;

#[doc(hidden)]
pub use commands::{
    Cli, Command, DevOptions, EventsOptions, ScriptOptions, StandaloneOptions, WebOptions,
    WorkerOptions,
};
#[doc(hidden)]
pub use failure::Failure;

use prepare::Prepared;
use process::{Stop, run_to_the_end};
use serve::Server;

/// A messaging server: the parts that topics may name, and the configuration that names them.
///
/// `App::from_env()?.handler("my_handler", MyHandler).run()` is a whole program, with the commands
/// of `crosswire`: `dev`, `standalone`, `web`, `worker`, `script`, `check` and `events`.
pub struct App {
    environment: Environment,
    /// Text of topics.toml, in place of the file.
    topics: Option<String>,
    registry: Registry,
    role: Role,
}

/// Role of a process whose command line names none.
#[derive(Clone, Copy)]
enum Role {
    Dev,
    Standalone,
    Web,
    Worker,
}

impl App {
    /// Creates an app with the shipped parts, configured by the environment of this process and the
    /// file that `TOPICS_FILE` names.
    ///
    /// # Errors
    /// When `RUN` names no role. The rest is read when the app runs, and every error in it reported
    /// at once.
    pub fn from_env() -> anyhow::Result<Self> {
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
        Ok(Self::with_environment(environment, role))
    }

    /// Runs the command of the command line; without one, the role that `RUN` names, or `dev`.
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

    /// Runs the web process: takes messages in, until it is stopped.
    #[doc(hidden)]
    pub fn web(&self, options: &WebOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Shared, None)?;
        run_to_the_end(|stop: Stop| async move {
            let store = prepared.open_store(options.allow_volatile).await?;
            let server = Server::bind(&prepared, store, options.allow_volatile, &stop)?;
            server.run(&prepared.config.server.profile, stop).await
        })
    }

    /// Runs the worker process: handles messages and sends the answers, until it is stopped or the
    /// work that `options` limit it to is done.
    #[doc(hidden)]
    pub fn worker(&self, options: &WorkerOptions) -> anyhow::Result<()> {
        let only = options.topic.as_deref().or_else(|| self.environment.get("TOPIC"));
        let prepared = self.prepare(Purpose::Shared, only)?;
        run_to_the_end(|stop: Stop| async move {
            let store = prepared.open_store(options.allow_volatile).await?;
            work::work(&prepared, store, options.until(), stop).await
        })
    }

    /// Runs web and worker in one process, as a deployment.
    #[doc(hidden)]
    pub fn standalone(&self, options: &StandaloneOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Standalone, None)?;
        run_to_the_end(async |stop| both(&prepared, options.allow_volatile, stop).await)
    }

    /// Runs web and worker in one process on a developer's machine.
    #[doc(hidden)]
    pub fn dev(&self, options: &DevOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Dev, None)?;
        // A trial may run on an unsafe store; but an ephemeral disk is the sign of a deployment.
        let is_own_disk = !matches!(prepared.config.store, config::Store::Embedded { .. });
        let allow_volatile = options.allow_volatile || is_own_disk;
        run_to_the_end(async |stop| both(&prepared, allow_volatile, stop).await)
    }

    fn prepare(&self, purpose: Purpose, only: Option<&str>) -> anyhow::Result<Prepared> {
        anyhow::ensure!(
            self.topics.is_none(),
            "App::topics is for scripts; begin with App::from_env and a topics file to run"
        );
        Prepared::new(&self.environment, &self.registry, purpose, only)
    }

    /// Prints every error in the configuration and the store.
    #[doc(hidden)]
    pub fn check(&self) -> anyhow::Result<()> {
        prepare::check(&self.environment, &self.registry)
    }

    /// Lists the events of messages.
    #[doc(hidden)]
    pub fn events(&self, options: &EventsOptions) -> anyhow::Result<()> {
        let only = options.topic.as_deref();
        let (services, store) = prepare::look(&self.environment, &self.registry, only)?;
        run_to_the_end(|_| events::list(&services, &store, options))
    }
}

async fn both(prepared: &Prepared, allow_volatile: bool, stop: Stop) -> anyhow::Result<()> {
    let store = prepared.open_store(allow_volatile).await?;
    let web = Server::bind(prepared, Arc::clone(&store), allow_volatile, &stop)?;
    if prepared.config.purpose == Purpose::Dev {
        banner::show(prepared, &web.addresses)?;
    }
    let serving = web.run(&prepared.config.server.profile, stop.clone());
    let working = work::work(prepared, store, work::Until::Stopped, stop.clone());
    // When one of them fails, the other is stopped in good order.
    let (served, worked) = tokio::join!(stop.with(serving), stop.with(working));
    served.and(worked)
}
