//! Alerts that a real Prometheus fires, by causes in real processes.

use std::fs::{File, read_to_string, write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crosswire::fake_twilio::{Behaviour, Delivery, Faults};
use nix::sys::signal::Signal;
use regex::Regex;
use serde_json::Value;

use crate::support::process::Process;
use crate::support::{Deployment, PATIENCE, Setup, free_port};

const TOPICS: &str = "
    [topics.echo]
    handler = \"echo\"
    accept_response = \"\"
    sending.daily_segments = 5
    sending.max_attempts = 3
";
const TOKEN: &str = "a-token-for-scrapes-4711-of-some-length";

/// Prometheus that scrapes a deployment every three seconds, which is longer than a scrape waits for the
/// store.
struct Prometheus {
    port: u16,
    client: reqwest::Client,
    _process: Process,
}

impl Prometheus {
    /// Starts one with the alert rules, which fire without a delay here and whose one long limit, of the
    /// oldest message, is a second. Returns nothing where Prometheus is not installed.
    fn start(deployment: &Deployment) -> Option<Self> {
        let dir = deployment.dir().join("prometheus");
        std::fs::create_dir_all(&dir).unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus/alerts.yml");
        let rules = read_to_string(rules).unwrap();
        let rules = Regex::new(r"(?m)^ +for: .*\n").unwrap().replace_all(&rules, "");
        write(dir.join("alerts.yml"), rules.replace("_seconds) > 60", "_seconds) > 1")).unwrap();
        let (port, target) = (free_port(), deployment.port());
        let config = format!(
            "global: {{ scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 500ms }}\n\
             rule_files: [alerts.yml]\n\
             scrape_configs:\n  - job_name: crosswire\n\
             \u{20}   authorization: {{ credentials: {TOKEN} }}\n\
             \u{20}   static_configs: [{{ targets: ['127.0.0.1:{target}'] }}]\n"
        );
        write(dir.join("prometheus.yml"), config).unwrap();
        let log = File::create(dir.join("output")).unwrap();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", dir.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        Command::new("prometheus").arg("--version").output().ok()?;
        let process = Process::spawn(&mut command, &dir);
        Some(Self { port, client: reqwest::Client::new(), _process: process })
    }

    /// Returns the names of the alerts that fire.
    async fn firing(&self) -> Vec<String> {
        let url = format!("http://127.0.0.1:{}/api/v1/alerts", self.port);
        let Ok(answer) = self.client.get(url).send().await else { return Vec::new() };
        let Ok(found) = answer.json::<Value>().await else { return Vec::new() };
        let alerts = found["data"]["alerts"].as_array().cloned().unwrap_or_default();
        alerts.iter().map(|it| it["labels"]["alertname"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until all of these fire.
    async fn until(&self, wanted: &[&str]) {
        let mut seen = Vec::new();
        let found = async {
            while !wanted.iter().all(|it| seen.iter().any(|seen| seen == it)) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                seen = self.firing().await;
            }
        };
        let found = tokio::time::timeout(2 * PATIENCE, found).await;
        assert!(found.is_ok(), "{wanted:?} do not all fire, but {seen:?}");
    }

    /// Waits until none fires, and something has been scraped.
    async fn until_quiet(&self) {
        let url =
            format!("http://127.0.0.1:{}/api/v1/query?query=crosswire_store_ready", self.port);
        let quiet = async {
            loop {
                if let Ok(answer) = self.client.get(&url).send().await
                    && answer.text().await.is_ok_and(|text| text.contains("\"value\""))
                    && self.firing().await.is_empty()
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let quiet = tokio::time::timeout(2 * PATIENCE, quiet).await;
        assert!(quiet.is_ok(), "all is well, and yet: {:?}", self.firing().await);
    }
}

#[tokio::test]
async fn alerts_fire_by_what_happens_to_real_processes() {
    let deployment = Setup::new(TOPICS).own_redis().env("METRICS_TOKEN", TOKEN).start().await;
    let Some(prometheus) = Prometheus::start(&deployment) else { return };
    prometheus.until_quiet().await;
    let phone = deployment.phone("+14155550101", "/queue/echo");

    // A message that the provider refuses, reports of failure, and half of the calls forged.
    deployment.twilio().report(Delivery::Undelivered(30_007));
    phone.text("echo one").await;
    phone.wait_for(1).await;
    let too_long = Behaviour::Fail { status: 400, code: Some(21_617) };
    deployment.twilio().inject(Faults::script([too_long]));
    phone.text("echo two").await;
    for _ in 0..5 {
        let forged = phone.webhook("echo three").signature(Some("forged"));
        assert_eq!(forged.send().await.unwrap().status, 403);
    }
    prometheus
        .until(&[
            "CrosswireDeadLetters",
            "CrosswireSendsFail",
            "CrosswireDeliveriesFail",
            "CrosswireCallsRefused",
        ])
        .await;

    // A worker that is killed, and no other one, so that a message waits.
    deployment.kill_worker(0);
    phone.text("echo waits").await;
    prometheus.until(&["CrosswireProcessLost", "CrosswireNoWorker", "CrosswireMessagesWait"]).await;
    deployment.start_worker(0);

    // A budget that is spent.
    for number in 0..6 {
        phone.text(&format!("echo number {number}")).await;
    }
    prometheus.until(&["CrosswireBudgetNearlySpent", "CrosswireSendingHeld"]).await;
    let firing = prometheus.firing().await;
    assert!(!firing.iter().any(|it| it == "CrosswireSendingPaused"), "{firing:?}");

    // A store that does not answer, and calls meanwhile.
    deployment.redis().signal(Signal::SIGSTOP);
    assert_eq!(phone.text("echo away").await.status, 503);
    prometheus.until(&["CrosswireStoreAway"]).await;
    assert_eq!(phone.text("echo away").await.status, 503);
    prometheus.until(&["CrosswireCallsFail"]).await;
    deployment.redis().signal(Signal::SIGCONT);

    // No web process.
    deployment.kill_web();
    prometheus.until(&["CrosswireUnseen"]).await;
    let () = deployment.redis().tell(&["FLUSHALL"]).await;
}
