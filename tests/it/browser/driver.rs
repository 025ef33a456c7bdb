//! A browser for one test, which ends with it.

use std::process::{Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::{PATIENCE, free_port};

/// Options of the browser: no network requests of its own, and no sandbox, which containers deny.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-breakpad",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Containers have little shared memory.
    "--disable-dev-shm-usage",
];

/// Chromium, its driver, and its profile on disk.
pub(super) struct Browser {
    client: Client,
    _driver: Process,
    dir: TempDir,
}

impl Browser {
    pub(super) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new("chromedriver");
        // A killed Chromium leaves many files behind; all of them are in this folder.
        command.env("TMPDIR", dir.path());
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = Process::spawn(&mut command, dir.path());
        let client = connect(port, &dir).await;
        Self { client, _driver: driver, dir }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Folder for uploads and downloads.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Runs a `DevTools` command, for functions that `WebDriver` lacks.
    pub(super) async fn devtools(&self, command: &'static str, parameters: Value) {
        self.client.issue_cmd(Devtools { command, parameters }).await.unwrap();
    }
}

/// Waits until the driver accepts connections.
async fn connect(port: u16, dir: &TempDir) -> Client {
    let data = format!("--user-data-dir={}", dir.path().join("profile").display());
    let arguments: Vec<&str> = FLAGS.into_iter().chain([data.as_str()]).collect();
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {
            "args": arguments,
            "prefs": { "download.default_directory": dir.path() },
        },
    });
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities.as_object().unwrap().clone());
    let url = format!("http://127.0.0.1:{port}");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match builder.connect(&url).await {
            Ok(client) => return client,
            Err(error) => assert!(
                tokio::time::Instant::now() < deadline,
                "chromium and chromedriver are installed, and start: {error}"
            ),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[derive(Debug)]
struct Devtools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}
