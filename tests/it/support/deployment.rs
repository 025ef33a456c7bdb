//! The real binaries, each in a process of its own, around a real Redis and the fake Twilio.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Output};
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::evidence::{Secrets, read_logs};
use super::leftovers::{Place, leftovers};
use super::process::Process;
use super::proxy::Proxy;
use super::redis::RedisServer;
use super::setup::Servers;
use super::twilio::{Account, FakeTwilio};
use super::webhook::client;
use super::{Answer, PATIENCE, Phone, Setup, Town, Webhook, free_port};

/// The line of the deployment, from which every reply is sent.
pub(crate) const LINE: &str = "+15005550006";

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const SECRET_KEY: &str = "a secret that only the tests have, of some length";

pub(crate) struct Deployment {
    setup: Setup,
    dir: TempDir,
    account: Account,
    twilio: FakeTwilio,
    redis: Option<RedisServer>,
    town: Option<Town>,
    port: u16,
    client: reqwest::Client,
    /// Token of every [`Deployment::call`].
    bearer: Option<String>,
    secrets: Secrets,
    web: Mutex<Option<Process>>,
    /// Second web process, for tests that start one.
    other_web: Mutex<Option<Process>>,
    other_port: u16,
    workers: Vec<Mutex<Option<Process>>>,
}

impl Deployment {
    pub(super) async fn start(setup: Setup) -> Self {
        let account = Account { sid: format!("AC{}", "0a".repeat(16)), token: TOKEN.to_owned() };
        let dir = tempfile::tempdir().unwrap();
        let (redis, town) = match setup.redis {
            Servers::Shared => (None, None),
            Servers::Own => (Some(RedisServer::start()), None),
            Servers::Ahead(seconds) => (Some(RedisServer::ahead_by(seconds)), None),
            Servers::Town => (None, Some(Town::start().await)),
        };
        let deployment = Self {
            dir,
            town,
            twilio: FakeTwilio::start(account.clone()),
            account,
            redis,
            port: free_port(),
            client: client(),
            bearer: None,
            secrets: Secrets::default(),
            web: Mutex::default(),
            other_web: Mutex::default(),
            other_port: free_port(),
            workers: (0..setup.workers).map(|_| Mutex::default()).collect(),
            setup,
        };
        if let Some(proxy) = &deployment.setup.proxy {
            proxy.lead_to(&deployment.redis().address());
        }
        deployment.write_topics(&deployment.setup.topics);
        deployment.keep_secret(TOKEN);
        deployment.keep_secret(SECRET_KEY);
        deployment.start_web();
        (0..deployment.workers.len()).for_each(|number| deployment.start_worker(number));
        deployment.wait_ready().await;
        deployment
    }

    pub(crate) fn twilio(&self) -> &FakeTwilio {
        &self.twilio
    }

    pub(crate) fn redis(&self) -> &RedisServer {
        self.redis.as_ref().unwrap_or_else(|| RedisServer::shared())
    }

    /// Returns the replicated servers on which it runs.
    pub(crate) fn town(&self) -> &Town {
        self.town.as_ref().expect("the deployment has a town")
    }

    /// Returns the URL of its Redis.
    fn redis_url(&self) -> String {
        self.town.as_ref().map_or_else(|| self.redis().url(), Town::url)
    }

    /// Returns the working directory of its processes.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Fails the test when a log contains this.
    pub(crate) fn keep_secret(&self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Returns a phone that texts the line, and whose provider calls this path.
    pub(crate) fn phone(&self, number: &str, path: &str) -> Phone<'_> {
        Phone::new(self, number, path)
    }

    /// Returns a signed webhook call of this path, for a text with this sender, recipient and body.
    pub(crate) fn webhook(&self, path: &str, sms: [&str; 3]) -> Webhook {
        Webhook::new(&self.client, &self.account, &self.url(path), sms)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        Answer::read(self.client.get(self.url(path)).send().await?).await
    }

    /// Returns a request that is not sent yet.
    pub(crate) fn call(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let call = self.client.request(method, self.url(path));
        self.bearer.iter().fold(call, reqwest::RequestBuilder::bearer_auth)
    }

    /// Sends this token with every request from now on.
    pub(crate) fn with_bearer(mut self, token: &str) -> Self {
        self.keep_secret(token);
        self.bearer = Some(token.to_owned());
        self
    }

    pub(crate) fn start_web(&self) {
        let program = if self.setup.dev {
            env!("CARGO_BIN_EXE_crosswire")
        } else {
            env!("CARGO_BIN_EXE_web")
        };
        *self.web.lock().unwrap() = Some(self.spawn(program, "web"));
    }

    /// Starts the second web process, on a port of its own.
    pub(crate) async fn start_other_web(&self) {
        self.spawn_other_web();
        let url = format!("http://127.0.0.1:{}/readyz", self.other_port);
        let ready = async {
            while !self.client.get(&url).send().await.is_ok_and(|it| it.status() == 200) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the second web process is ready");
    }

    /// Starts the second web process, without waiting for it.
    pub(crate) fn spawn_other_web(&self) {
        let mut command = self.command(env!("CARGO_BIN_EXE_web"));
        command.env("PORT", self.other_port.to_string());
        let process = self.spawn_command(command, "other-web");
        *self.other_web.lock().unwrap() = Some(process);
    }

    /// Sends SIGTERM, and returns whether the second web process succeeded within this time.
    pub(crate) fn stop_other_web(&self, patience: Duration) -> bool {
        stop(&self.other_web, patience)
    }

    pub(crate) fn signal_other_web(&self, signal: Signal) {
        self.other_web.lock().unwrap().as_ref().expect("the other web runs").signal(signal);
    }

    pub(crate) fn other_port(&self) -> u16 {
        self.other_port
    }

    pub(crate) fn kill_web(&self) {
        self.web.lock().unwrap().take();
    }

    /// Sends SIGTERM, and returns whether web succeeded within this time.
    pub(crate) fn stop_web(&self, patience: Duration) -> bool {
        stop(&self.web, patience)
    }

    pub(crate) fn signal_web(&self, signal: Signal) {
        self.web.lock().unwrap().as_ref().expect("web runs").signal(signal);
    }

    /// Returns web's exit status, or nothing when it is still running after this time.
    pub(crate) fn wait_for_web(&self, patience: Duration) -> Option<ExitStatus> {
        self.web.lock().unwrap().as_mut().expect("web was started").wait(patience)
    }

    /// Returns the peak of web's resident memory, in bytes.
    pub(crate) fn web_peak_memory(&self) -> u64 {
        self.web.lock().unwrap().as_ref().expect("web runs").peak_memory()
    }

    /// Returns web's CPU time so far.
    pub(crate) fn web_cpu_time(&self) -> Duration {
        self.web.lock().unwrap().as_ref().expect("web runs").cpu_time()
    }

    /// Replaces topics.toml, for processes that start from now on.
    pub(crate) fn write_topics(&self, topics: &str) {
        let topics = without_rates(topics);
        std::fs::write(self.dir.path().join("topics.toml"), topics).unwrap();
    }

    pub(crate) fn start_worker(&self, number: usize) {
        let worker = self.spawn(env!("CARGO_BIN_EXE_worker"), &format!("worker-{number}"));
        *self.workers[number].lock().unwrap() = Some(worker);
    }

    pub(crate) fn kill_worker(&self, number: usize) {
        self.workers[number].lock().unwrap().take();
    }

    pub(crate) fn signal_worker(&self, number: usize, signal: Signal) {
        self.workers[number].lock().unwrap().as_ref().expect("the worker runs").signal(signal);
    }

    /// Sends SIGTERM, and returns whether the worker succeeded within this time.
    pub(crate) fn stop_worker(&self, number: usize, patience: Duration) -> bool {
        stop(&self.workers[number], patience)
    }

    /// Runs `crosswire` with these arguments, in this deployment's environment.
    pub(crate) fn crosswire(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_crosswire")).args(arguments).output().unwrap()
    }

    /// Runs `crosswire` with these variables besides.
    pub(crate) fn crosswire_with(
        &self,
        environment: &[(&str, &str)],
        arguments: &[&str],
    ) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_crosswire"));
        command.envs(environment.iter().copied()).args(arguments).output().unwrap()
    }

    /// Waits until web is ready.
    pub(crate) async fn wait_ready(&self) {
        self.wait_for_readiness(|answer| answer.status == 200).await;
    }

    /// Waits until `/readyz`, whose answers are shared for a second, gives such a one.
    pub(crate) async fn wait_for_readiness(&self, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
        let wanted = async {
            loop {
                match self.get("/readyz").await {
                    Ok(answer) if is_wanted(&answer) => return answer,
                    _ => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let answer = tokio::time::timeout(PATIENCE, wanted).await;
        answer.unwrap_or_else(|_| panic!("/readyz is not as wanted\n{}", self.logs()))
    }

    /// Returns the logs of all processes.
    pub(crate) fn logs(&self) -> String {
        let logs = read_logs(self.dir.path());
        logs.into_iter().flat_map(|(name, log)| ["--- ".into(), name, "\n".into(), log]).collect()
    }

    /// Returns the work that is left once the processes have had time for it.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let topics = self.setup.topics.clone();
        let place = if self.setup.embedded {
            let named = self.setup.environment.iter().find(|(name, _)| name == "DATA_DIR");
            Place::File(self.dir.path().join(named.map_or("data", |(_, place)| place)))
        } else {
            Place::Redis(self.redis_url())
        };
        // A runtime cannot be blocked on from within another, and the test's own is still there.
        let look = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(leftovers(place, &topics))
        };
        std::thread::spawn(look).join().unwrap()
    }

    fn spawn(&self, program: &str, name: &str) -> Process {
        self.spawn_command(self.command(program), name)
    }

    fn spawn_command(&self, mut command: Command, name: &str) -> Process {
        let log = self.dir.path().join(format!("{name}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(std::process::Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Process::spawn(&mut command, self.dir.path())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = match self.setup.open_files {
            None => Command::new(program),
            Some(limit) => {
                let mut shell = Command::new("/bin/sh");
                let limited = "ulimit -n \"$0\"; exec \"$@\"";
                shell.args(["-c", limited, &limit.to_string(), program]);
                shell
            }
        };
        command.env_clear();
        if !self.setup.embedded {
            let through = self.setup.proxy.as_ref().map(Proxy::url);
            command.env("REDIS_URL", through.unwrap_or_else(|| self.redis_url()));
        }
        command
            .current_dir(self.dir.path())
            .env("HOST", "127.0.0.1")
            .env("PORT", self.port.to_string())
            .env("PUBLIC_URL", self.url(""))
            .env("TOPICS_FILE", self.dir.path().join("topics.toml"))
            .env("SECRET_KEY", SECRET_KEY)
            .env("TWILIO_ACCOUNT_SID", &self.account.sid)
            .env("TWILIO_AUTH_TOKEN", &self.account.token)
            .env("TWILIO_FROM_NUMBER", LINE)
            .env("TWILIO_API_BASE", self.twilio.url())
            // The most verbose log there is, which must not contain a secret either.
            .env("RUST_LOG", "crosswire=trace,info")
            .envs(self.setup.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Switches off, in every topic that does not state them, the rate of senders and the limits of texts that
/// repeat themselves: tests write faster than people, and say the same.
fn without_rates(topics: &str) -> String {
    let is_topic = |line: &str| {
        let name = line.strip_prefix("[topics.").and_then(|rest| rest.strip_suffix(']'));
        name.is_some_and(|name| !name.contains('.'))
    };
    let lines: Vec<_> = topics.lines().map(str::trim).collect();
    let mut written = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        written.push((*line).to_owned());
        if !is_topic(line) {
            continue;
        }
        let keys = lines[number + 1..].iter().take_while(|line| !line.starts_with('['));
        let is_stated = |key: &str| keys.clone().any(|line| line.starts_with(key));
        if !is_stated("sender_rate") {
            written.push("sender_rate = 0".to_owned());
        }
        if !is_stated("error_every") {
            written.push("error_every = \"0s\"".to_owned());
        }
        let table = line.replace(']', ".sending]");
        if !topics.contains(&table) && !is_stated("sending") {
            written.push("sending.repeats = 0".to_owned());
        }
    }
    written.join("\n")
}

fn stop(process: &Mutex<Option<Process>>, patience: Duration) -> bool {
    let Some(mut process) = process.lock().unwrap().take() else { return false };
    process.terminate(patience);
    process.wait(patience).is_some_and(|status| status.success())
}

#[expect(clippy::print_stderr, reason = "a failure is explained by the logs of the processes")]
impl Drop for Deployment {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
            return;
        }
        let left = self.leftovers();
        self.web.lock().unwrap().take();
        self.other_web.lock().unwrap().take();
        self.workers.iter().for_each(|worker| drop(worker.lock().unwrap().take()));
        assert!(left.is_empty(), "work left: {left:#?}");
        let leaked = self.secrets.leaked(self.dir.path());
        assert!(leaked.is_empty(), "secrets in the logs: {leaked:#?}");
    }
}
