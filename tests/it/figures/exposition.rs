//! `/metrics` of the real processes.

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::{Answer, Deployment, PATIENCE, Setup, free_port};

const TOPICS: &str = "
    [topics.echo]
    handler = \"echo\"
    accept_response = \"\"
    sending.daily_segments = 1000
";
const TOKEN: &str = "a-token-for-scrapes-4711-of-some-length";
const ADMIN: &str = "another-token-0815-for-an-administrator";
const READER: &str = "a-third-token-1234-for-those-who-read";

/// Returns the answer of `/metrics`.
async fn scrape(deployment: &Deployment, accept: &str) -> Answer {
    let request = deployment.call("GET", "/metrics").header("accept", accept);
    Answer::read(request.send().await.unwrap()).await.unwrap()
}

/// Returns the sum of the samples whose line contains all of these.
fn sum(text: &str, wanted: &[&str]) -> f64 {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let of_all = lines.filter(|line| wanted.iter().all(|it| line.contains(it)));
    of_all.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

/// Scrapes until a sum has reached a value.
async fn until(deployment: &Deployment, wanted: &[&str], value: f64) -> String {
    let reached = async {
        loop {
            let text = scrape(deployment, "").await.body;
            if sum(&text, wanted) >= value {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, reached).await;
    found.unwrap_or_else(|_| panic!("{wanted:?} does not reach {value}\n{}", deployment.logs()))
}

fn setup() -> Setup {
    Setup::new(TOPICS).own_redis().env("METRICS_TOKEN", TOKEN).env("ADMIN_TOKEN", ADMIN)
}

#[tokio::test]
async fn web_shows_the_figures_of_the_store_and_of_every_process() {
    let deployment = setup().workers(2).start().await.with_bearer(TOKEN);
    let phone = deployment.phone("+14155550101", "/queue/echo");
    for number in 0..3 {
        phone.text(&format!("echo {number}")).await;
    }
    let text = until(&deployment, &["crosswire_sends_total", "outcome=\"sent\""], 3.0).await;
    for (wanted, value) in [
        (["crosswire_calls_total{", "outcome=\"accepted\""], 3.0),
        (["crosswire_end_to_end_seconds_count", "role=\"worker\""], 3.0),
        (["crosswire_segments_total", "transport=\"twilio\""], 3.0),
        (["crosswire_processes{", "role=\"worker\",state=\"running\""], 2.0),
        (["crosswire_processes{", "role=\"web\",state=\"running\""], 1.0),
        (["crosswire_queue_messages{", "queue=\"outbox\""], 0.0),
        (["crosswire_budget_limit{", "scope=\"\""], 1000.0),
        (["crosswire_budget_spent{", "scope=\"\""], 3.0),
        (["crosswire_store_ready", ""], 1.0),
    ] {
        assert!((sum(&text, &wanted) - value).abs() < 0.001, "{wanted:?} is {value}\n{text}");
    }
    assert!(sum(&text, &["crosswire_memory_bytes", "role=\"worker\""]) > 2_000_000.0, "{text}");
    assert!(!text.contains("4155550101"), "no number is in it: {text}");
    check(&text);
}

/// Has Prometheus's own tool read an exposition, where it is installed.
fn check(text: &str) {
    use std::io::Write as _;
    use std::process::Stdio;

    let tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut tool) = tool else { return };
    tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = tool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
}

#[tokio::test]
async fn format_is_negotiated() {
    let deployment = setup().start().await.with_bearer(TOKEN);
    let plain = scrape(&deployment, "text/plain").await;
    assert_eq!(plain.content_type(), "text/plain; version=0.0.4; charset=utf-8");
    let open = scrape(&deployment, "application/openmetrics-text;version=1.0.0").await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.content_type(), kind);
    assert!(open.body.ends_with("# EOF\n") && !plain.body.contains("# EOF"));
}

#[tokio::test]
async fn metrics_are_hidden_from_a_client_without_a_token() {
    let deployment = setup().env("ADMIN_READ_TOKEN", READER).start().await;
    let hidden = deployment.get("/metrics").await.unwrap();
    let missing = deployment.get("/no-such-path").await.unwrap();
    assert_eq!((hidden.status, &hidden.body), (404, &missing.body));
    for (token, status) in [(TOKEN, 200), (ADMIN, 200), (READER, 200), ("wrong", 404)] {
        let request = deployment.call("GET", "/metrics").bearer_auth(token);
        let answer = Answer::read(request.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, status, "{token}");
    }
}

#[tokio::test]
async fn worker_serves_its_own_figures_on_its_own_port() {
    let port = free_port();
    let deployment = setup().env("METRICS_PORT", &port.to_string()).start().await;
    deployment.phone("+14155550101", "/queue/echo").text("echo hello").await;
    let client = reqwest::Client::new();
    let scraped = async {
        loop {
            let request = client.get(format!("http://127.0.0.1:{port}/metrics")).bearer_auth(TOKEN);
            let text = match request.send().await {
                Ok(answer) => answer.text().await.unwrap(),
                Err(_) => String::new(),
            };
            if sum(&text, &["crosswire_sends_total", "outcome=\"sent\""]) >= 1.0 {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let text = tokio::time::timeout(PATIENCE, scraped).await.expect("the message is counted");
    assert!(!text.contains("role=\"web\"") && !text.contains("crosswire_queue_messages"), "{text}");
    assert!(deployment.stop_worker(0, PATIENCE), "it ends in good order\n{}", deployment.logs());
}

#[tokio::test]
async fn frozen_store_leaves_what_the_process_knows() {
    let deployment = setup().start().await.with_bearer(TOKEN);
    deployment.phone("+14155550101", "/queue/echo").text("echo hello").await;
    until(&deployment, &["crosswire_sends_total", "outcome=\"sent\""], 1.0).await;
    deployment.redis().signal(Signal::SIGSTOP);
    let text = tokio::time::timeout(PATIENCE, async {
        loop {
            let text = scrape(&deployment, "").await.body;
            if text.contains("crosswire_store_ready 0.0") {
                return text;
            }
        }
    });
    let text = text.await.expect("a scrape does not wait for the store");
    assert!((sum(&text, &["crosswire_calls_total{", "accepted"]) - 1.0).abs() < 0.001, "{text}");
    assert!(!text.contains("crosswire_queue_messages"), "{text}");
    deployment.redis().signal(Signal::SIGCONT);
    until(&deployment, &["crosswire_store_ready"], 1.0).await;
}
