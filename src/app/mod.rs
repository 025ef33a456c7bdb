//! The application: what is configured is put together, checked, and run.

use std::path::Path;
use std::sync::Arc;

use crate::app::config::{StoreConfig, TopicSelection};
use crate::app::registry::Registry;
use crate::contracts::settings::{Environment, Purpose};
use crate::contracts::storage::SafetyCheck;

// For this crate's own tests and binaries.
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod registry;
#[doc(hidden)]
pub mod telemetry;

mod admin_client;
mod advice;
mod audit;
mod backup;
mod banner;
mod budget;
mod check;
mod client;
mod command_line;
mod commands;
mod connections;
mod dead;
mod doctor;
mod events;
mod failure;
mod fake_twilio;
mod files;
mod forget;
mod front;
mod health;
mod init;
mod metrics;
mod migrate;
mod new;
mod operator;
mod operator_page;
mod optout;
mod partitions;
mod parts;
mod pause;
mod people;
mod prepare;
mod process;
mod program;
mod reporting;
mod role;
mod script;
mod secret;
mod send;
mod serve;
mod settings_view;
mod shell;
mod skew;
mod status;
mod store;
mod submit;
mod survey;
mod trace;
mod work;

pub use client::Client;
#[doc(hidden)]
pub use commands::{
    BackupOptions, BudgetOptions, CheckOptions, Cli, Command, DevOptions, DoctorOptions,
    EventsOptions, ExportOptions, FakeTwilioOptions, MigrateOptions, ScriptOptions, SendOptions,
    StandaloneOptions, StatusOptions, SurveyCommand, Waivers, WebOptions, WorkerOptions,
};
#[doc(hidden)]
pub use failure::Failure;

use commands::{OptOutCommand, PeopleCommand};
use prepare::Prepared;
use process::{Stop, run_to_the_end};
use program::Program;
use role::Role;
use serve::WebServer;

/// A messaging server: the parts that topics may name, and the configuration that names them.
///
/// `App::from_env()?.handler("my_handler", MyHandler).run()` is a whole program, with the commands
/// of `crosswire`, which `crosswire --help` lists.
pub struct App {
    environment: Environment,
    /// Text of topics.toml, in place of the file.
    topics: Option<String>,
    registry: Registry,
    role: Role,
    program: Program,
}

impl App {
    /// Creates an app with the shipped parts, configured by the environment of this process, the file
    /// `.env` in the working directory, and the file that `TOPICS_FILE` names.
    ///
    /// # Errors
    /// When `RUN` names no role, or the file `.env` cannot be read. The rest is read when the app runs, and every error in it reported
    /// at once.
    pub fn from_env() -> anyhow::Result<Self> {
        let environment = config::process_environment()?;
        let role = Role::of(&environment)?;
        let program = Program::of_executable(&config::executable());
        Ok(Self { program, ..Self::with_environment(environment, role) })
    }

    /// Runs the command of the command line; without one, the role that `RUN` names, or `dev`.
    pub fn run(self) -> anyhow::Result<()> {
        match (command_line::parse(&self.program).command, self.role) {
            (Some(Command::Dev(options)), _) => self.dev(&options),
            (None, Role::Dev) => self.dev(&DevOptions::default()),
            (Some(Command::Standalone(options)), _) => self.standalone(&options),
            (None, Role::Standalone) => self.standalone(&StandaloneOptions::default()),
            (Some(Command::Web(options)), _) => self.web(&options),
            (None, Role::Web) => self.web(&WebOptions::default()),
            (Some(Command::Worker(options)), _) => self.worker(&options),
            (None, Role::Worker) => self.worker(&WorkerOptions::default()),
            (Some(Command::Status(options)), _) => {
                run_to_the_end(|stop| status::status(&self, &options, stop))
            }
            (Some(Command::Check(options)), _) => self.check(&options),
            (Some(Command::Doctor(options)), _) => self.doctor(&options),
            (Some(Command::Events(options)), _) => self.events(&options),
            (Some(Command::Budget(options)), _) => self.budget(&options),
            (Some(Command::Dead(command)), _) => self.operate(dead::run(&self, &command)),
            (Some(Command::Trace(options)), _) => {
                run_to_the_end(|stop| trace::run(&self, &options, stop))
            }
            (Some(Command::Pause(options)), _) => self.operate(pause::pause(&self, &options)),
            (Some(Command::Resume(options)), _) => self.operate(pause::resume(&self, &options)),
            (Some(Command::Audit(options)), _) => self.operate(audit::list(&self, &options)),
            (Some(Command::Send(options)), _) => self.send(&options),
            (Some(Command::Script(options)), _) => self.scripts(&options),
            (Some(Command::Survey(SurveyCommand::Export(options))), _) => self.export(&options),
            (Some(Command::People(command)), _) => self.people(&command),
            (Some(Command::Optout(command)), _) => self.opt_out(&command),
            (Some(Command::Forget(options)), _) => {
                run_to_the_end(|stop| forget::forget(&self, &options, stop))
            }
            (Some(Command::Backup(options)), _) => backup::backup(&self.environment, &options),
            (Some(Command::Migrate(options)), _) => {
                run_to_the_end(|_| migrate::migrate(&self.environment, &options))
            }
            (Some(Command::FakeTwilio(options)), _) => self.fake_twilio(&options),
            (Some(Command::Health(options)), _) => health::health(&self, &options),
            (Some(Command::Completions(options)), _) => shell::completions(&self.program, &options),
            (Some(Command::Man(options)), _) => shell::man(&self.program, &options),
            (Some(Command::New(options)), _) => new::new(&options, Path::new(".")),
            (Some(Command::Init(options)), _) => init::init(&options, Path::new(".")),
        }
    }

    /// Runs the web process: takes messages in, until it is stopped.
    #[doc(hidden)]
    pub fn web(&self, options: &WebOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Shared, None)?;
        run_to_the_end(|stop: Stop| async move {
            let waived = &options.waivers.allow;
            let store = prepared.open_store(waived, &stop).await?;
            let server = WebServer::bind(&prepared, "web", store, waived, &stop)?;
            let reporter = Arc::clone(&server.reporter);
            let serving = server.run(&prepared.config.server.profile, stop);
            reporting::during(reporter, serving).await
        })
    }

    /// Runs the worker process: handles messages and sends the answers, until it is stopped or the
    /// work that `options` limit it to is done.
    #[doc(hidden)]
    pub fn worker(&self, options: &WorkerOptions) -> anyhow::Result<()> {
        let flag = options.topic.as_deref().map(TopicSelection::Flag);
        let selection =
            flag.or_else(|| self.environment.get("TOPIC").map(TopicSelection::Variable));
        let prepared = self.prepare(Purpose::Shared, selection)?;
        run_to_the_end(|stop: Stop| async move {
            let store = prepared.open_store(&options.waivers.allow, &stop).await?;
            let reporter = reporting::reporter(&prepared, "worker", Arc::clone(&store), Vec::new());
            metrics::serve(&prepared, &reporter, &stop);
            let working = work::work(&prepared, store, options.until(), stop);
            reporting::during(reporter, working).await
        })
    }

    /// Runs web and worker in one process, as a deployment.
    #[doc(hidden)]
    pub fn standalone(&self, options: &StandaloneOptions) -> anyhow::Result<()> {
        let prepared = self.prepare(Purpose::Standalone, None)?;
        run_to_the_end(async |stop| both(&prepared, &options.waivers.allow, stop).await)
    }

    /// Runs web and worker in one process on a developer's machine.
    #[doc(hidden)]
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
            "App::topics is for scripts; begin with App::from_env and a topics file to run"
        );
        let program = self.program.clone();
        Prepared::new(program, &self.environment, &self.registry, purpose, selection)
    }

    /// Prints every error in the configuration and the store.
    #[doc(hidden)]
    pub fn check(&self, options: &CheckOptions) -> anyhow::Result<()> {
        check::check(&self.environment, &self.registry, &options.waivers.allow)
    }

    /// Prints what a deployment stands on.
    #[doc(hidden)]
    pub fn doctor(&self, options: &DoctorOptions) -> anyhow::Result<()> {
        doctor::doctor(&self.environment, &self.registry, options)
    }

    /// Submits a message.
    #[doc(hidden)]
    pub fn send(&self, options: &SendOptions) -> anyhow::Result<()> {
        run_to_the_end(|_| send::send(self, options))
    }

    /// Lists the events of messages.
    #[doc(hidden)]
    pub fn events(&self, options: &EventsOptions) -> anyhow::Result<()> {
        run_to_the_end(|stop| events::list(self, options, stop))
    }

    /// Runs an operator's command.
    #[expect(clippy::unused_self, reason = "the command is one of this app")]
    fn operate(&self, command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
        run_to_the_end(async |_| command.await)
    }

    /// Bars people, and lists bars and reports.
    fn people(&self, command: &PeopleCommand) -> anyhow::Result<()> {
        run_to_the_end(async |_| match command {
            PeopleCommand::Ban(options) => people::ban(self, options).await,
            PeopleCommand::Unban(options) => people::unban(self, options).await,
            PeopleCommand::Bans(options) => people::bans(self, options).await,
            PeopleCommand::Reports(options) => people::reports(self, options).await,
        })
    }

    /// Lists and changes opt-outs.
    fn opt_out(&self, command: &OptOutCommand) -> anyhow::Result<()> {
        run_to_the_end(async |_| match command {
            OptOutCommand::List(options) => optout::list(self, options).await,
            OptOutCommand::Add(options) => optout::add(self, options).await,
            OptOutCommand::Remove(options) => optout::remove(self, options).await,
            OptOutCommand::Export(options) => optout::export(self, options).await,
            OptOutCommand::Import(options) => optout::import(self, options).await,
        })
    }

    /// Runs a simulated Twilio, until it is stopped.
    #[doc(hidden)]
    pub fn fake_twilio(&self, options: &FakeTwilioOptions) -> anyhow::Result<()> {
        run_to_the_end(|stop: Stop| fake_twilio::serve(&self.environment, options, stop))
    }

    /// Prints the budgets, or resumes one.
    #[doc(hidden)]
    pub fn budget(&self, options: &BudgetOptions) -> anyhow::Result<()> {
        run_to_the_end(|_| budget::run(self, options))
    }

    /// Prints the records of a survey.
    #[doc(hidden)]
    pub fn export(&self, options: &ExportOptions) -> anyhow::Result<()> {
        let selection = options.topic.as_deref().map(TopicSelection::Flag);
        let (services, store) = prepare::inspect(&self.environment, &self.registry, selection)?;
        run_to_the_end(|_| survey::export(&services, &store, options))
    }
}

async fn both(prepared: &Prepared, waived: &[SafetyCheck], stop: Stop) -> anyhow::Result<()> {
    let store = prepared.open_store(waived, &stop).await?;
    let is_dev = prepared.config.purpose == Purpose::Dev;
    let role = if is_dev { "dev" } else { "standalone" };
    let web = WebServer::bind(prepared, role, Arc::clone(&store), waived, &stop)?;
    let reporter = Arc::clone(&web.reporter);
    if is_dev {
        banner::show(prepared, &web.addresses)?;
    }
    let serving = web.run(&prepared.config.server.profile, stop.clone());
    let working = work::work(prepared, store, work::Until::Stopped, stop.clone());
    // When one of them fails, the other is stopped in good order.
    let (serving, working) = (Box::pin(stop.with(serving)), Box::pin(stop.with(working)));
    let both = async { tokio::join!(serving, working) };
    let (served, worked) = reporting::during(reporter, both).await;
    served.and(worked)
}
