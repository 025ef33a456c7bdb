//! Test scripts, played against the topics of an app: by command, and as a call for tests.

use std::io::Write;
use std::thread;

use anyhow::{Context, Result, ensure};

use super::App;
use super::commands::ScriptOptions;
use crate::app::config::DraftConfig;
use crate::contracts::settings::{ConfigErrors, Purpose, did_you_mean};
use crate::engine::topic::TopicRuntime;
use crate::model::topic::TopicName;
use crate::tester::script::{Failure, Failures, Script, ScriptHarness, escaped};

impl App {
    /// Plays a test script against the topics of this app, on an embedded store and a clock of its
    /// own. Failures are reported under `name`. It may be called within a runtime, and blocks.
    ///
    /// ```
    /// use crosswire::App;
    ///
    /// let topics = "[topics.my_topic]\nhandler = \"echo\"\naccept_response = \"\"";
    /// let app = App::new().topics(topics);
    /// app.script("echo", "1112223333 > ping\n1112223333 < pong")?;
    /// let failures = app.script("echo", "1112223333 > ping\n1112223333 < ping").unwrap_err();
    /// assert_eq!(
    ///     failures.to_string(),
    ///     "echo:2: Message: ping\nReceived text: pong\nExpected text: ping"
    /// );
    /// # anyhow::Ok(())
    /// ```
    ///
    /// # Errors
    /// `Failures` when the script has errors or an expectation is not met, otherwise every error in
    /// the configuration.
    pub fn script(&self, name: &str, text: &str) -> Result<()> {
        let services = self.services()?;
        let script = Script::parse(name, text, &names(&services))?;
        Ok(wait_for(play(&services, &script, None, false))??)
    }

    /// Plays the scripts that the command line names, and prints their failures.
    ///
    /// # Errors
    /// When a script fails; when one has errors, before any is played.
    #[doc(hidden)]
    pub fn scripts(&self, options: &ScriptOptions) -> Result<()> {
        let services = self.services()?;
        let topics = names(&services);
        let topic = options.topic.as_deref().map(|name| known(name, &topics)).transpose()?;
        let scripts = read(options, &topics)?;
        let mut out = std::io::stdout().lock();
        let (mut failed, mut failures) = (0, 0);
        for script in &scripts {
            let outcome = wait_for(play(&services, script, topic.as_ref(), options.strict))?;
            match outcome {
                Ok(()) => writeln!(out, "{}: ok, {} lines", escaped(script.name()), script.len())?,
                Err(Failures(found)) => {
                    found.iter().try_for_each(|failure| writeln!(out, "{failure}"))?;
                    let name = escaped(script.name());
                    writeln!(out, "{name}: FAILED, failures: {}", found.len())?;
                    failed += 1;
                    failures += found.len();
                }
            }
        }
        writeln!(out, "scripts: {}, failed: {failed}, failures: {failures}", scripts.len())?;
        ensure!(failed == 0, "scripts that failed: {failed} of {}", scripts.len());
        Ok(())
    }

    /// Builds the topics. The only variable that a script needs names their file.
    fn services(&self) -> Result<Vec<TopicRuntime>> {
        let file = self.environment.get("TOPICS_FILE").map(|file| ("TOPICS_FILE", file));
        let environment = file.into_iter().collect();
        let errors = ConfigErrors::default();
        let draft = match &self.topics {
            Some(text) => DraftConfig::read("topics", text, &environment, Purpose::Dev, &errors),
            None => DraftConfig::load(&environment, Purpose::Dev, &errors),
        };
        let services = self.registry.assemble(&draft, &environment, &errors);
        draft.finish(errors)?;
        Ok(services)
    }
}

/// Reads all scripts, or prints the errors of all.
fn read(options: &ScriptOptions, topics: &[TopicName]) -> Result<Vec<Script>> {
    let (mut scripts, mut errors) = (Vec::new(), Vec::new());
    for file in &options.files {
        let name = file.to_string_lossy();
        match std::fs::read_to_string(file) {
            Ok(text) => match Script::parse(&name, &text, topics) {
                Ok(script) => scripts.push(script),
                Err(Failures(found)) => errors.extend(found),
            },
            Err(error) => errors.push(Failure {
                script: name.into_owned(),
                line: 1,
                message: format!("cannot be read ({error}); name a text file in UTF-8"),
            }),
        }
    }
    let mut out = std::io::stdout().lock();
    errors.iter().try_for_each(|error| writeln!(out, "{error}"))?;
    let found = errors.len();
    ensure!(found == 0, "errors in the scripts: {found}; none was played");
    Ok(scripts)
}

async fn play(
    services: &[TopicRuntime],
    script: &Script,
    topic: Option<&TopicName>,
    strict: bool,
) -> Result<Result<(), Failures>> {
    let mut harness = ScriptHarness::embedded(services).await?;
    Ok(script.run(&mut harness, topic, strict).await)
}

/// Waits for `work` on a thread of its own, since the caller may be inside a runtime.
fn wait_for<T: Send>(work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.context("a script needs a runtime")?.block_on(work)
        });
        working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn names(services: &[TopicRuntime]) -> Vec<TopicName> {
    services.iter().map(|service| service.config.name.clone()).collect()
}

fn known(name: &str, topics: &[TopicName]) -> Result<TopicName> {
    let topic = topics.iter().find(|topic| topic.as_str() == name).cloned();
    topic.with_context(|| {
        let fix = did_you_mean(name, topics.iter().map(TopicName::as_str));
        format!("--topic: there is no topic {name:?}; {fix}")
    })
}
