//! Redis with TLS.

use std::fs;
use std::process::Command;

use crosswire::contracts::storage::StorageError;
use crosswire::stores::redis::{Redis, RedisConfig};
use tempfile::TempDir;

use super::nodes::form_cluster;
use super::{fixture_on, process_message, settings};
use crate::support::redis::RedisServer;
use crate::support::sentinel::Sentinel;
use crate::support::{LINE, free_port};

/// A server with TLS on a separate port and a self-signed certificate.
struct TlsServer {
    server: RedisServer,
    port: u16,
    certificate: TempDir,
}

impl TlsServer {
    fn start(cluster: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (dir, port) = (certificate(), free_port());
        let (file, bus) = (|name: &str| dir.path().join(name).display().to_string(), free_port());
        let (key, crt) = (file("key.pem"), file("crt.pem"));
        let (tls_port, bus) = (port.to_string(), bus.to_string());
        let mut words = vec!["--tls-port", &tls_port, "--tls-auth-clients", "no"];
        words.extend(["--tls-key-file", &key, "--tls-cert-file", &crt, "--tls-ca-cert-file", &crt]);
        if cluster {
            words.extend(["--cluster-enabled", "yes", "--cluster-port", &bus]);
            words.extend(["--tls-cluster", "yes"]);
        }
        Self { server: RedisServer::with(&words), port, certificate: dir }
    }
}

/// Returns a directory with a new self-signed certificate for localhost and its key.
fn certificate() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "crt.pem"])
        .current_dir(dir.path())
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    dir
}

/// Returns the URL of a server in every supported form, without its login.
fn url_forms(port: u16) -> [String; 3] {
    let address = format!("127.0.0.1:{port}");
    [
        format!("rediss://{address}"),
        format!("rediss+cluster://{address}"),
        format!("rediss+sentinel://{address}/town"),
    ]
}

fn unverified(url: &str) -> RedisConfig {
    RedisConfig { verify_tls: false, ..settings(url) }
}

#[tokio::test]
async fn untrusted_certificate_is_accepted_without_verification() {
    let redis = TlsServer::start(false);
    let url = |login: &str| format!("rediss://{login}127.0.0.1:{}", redis.port);
    process_message(&fixture_on(unverified(&url(""))).await, "m1").await;
    let () = redis.server.tell(&["CONFIG", "SET", "requirepass", "s3 cret"]).await;
    for login in [":s3%20cret@", "default:s3%20cret@"] {
        process_message(&fixture_on(unverified(&url(login))).await, "m1").await;
    }
    let refused = Redis::connect(unverified(&url(":wrong@"))).await.err().unwrap();
    assert!(matches!(&refused, StorageError::Refused(_)), "{refused}");
}

#[tokio::test]
async fn cluster_supports_tls() {
    let redis = TlsServer::start(true);
    form_cluster([&redis.server]).await;
    let () = redis.server.tell(&["CONFIG", "SET", "requirepass", "s3 cret"]).await;
    let url = format!("rediss+cluster://:s3%20cret@127.0.0.1:{}", redis.port);
    process_message(&fixture_on(unverified(&url)).await, "m1").await;
}

#[tokio::test]
async fn sentinels_support_tls_and_master_password() {
    let redis = TlsServer::start(false);
    let () = redis.server.tell(&["CONFIG", "SET", "requirepass", "secret"]).await;
    let (port, file) = (free_port(), |name| redis.certificate.path().join(name));
    let settings = [
        "sentinel auth-pass town secret".to_owned(),
        format!("tls-port {port}"),
        "tls-replication yes".to_owned(),
        "tls-auth-clients no".to_owned(),
        format!("tls-key-file {}", file("key.pem").display()),
        format!("tls-cert-file {}", file("crt.pem").display()),
        format!("tls-ca-cert-file {}", file("crt.pem").display()),
    ];
    let sentinel = Sentinel::start(redis.port, &settings);
    sentinel.wait_for_replicas(0).await;
    let url = format!("rediss+sentinel://:secret@127.0.0.1:{port}/town/3");
    process_message(&fixture_on(unverified(&url)).await, "m1").await;
}

#[tokio::test]
async fn untrusted_certificate_is_refused_with_its_fix() {
    let redis = TlsServer::start(false);
    for url in url_forms(redis.port) {
        let refused = Redis::connect(settings(&url)).await.err().unwrap();
        assert!(matches!(&refused, StorageError::Refused(_)), "{url}: {refused:?}");
        assert!(refused.to_string().contains("REDIS_TLS_VERIFY=false"), "{url}: {refused}");
    }
}

/// Runs `crosswire check` as a process of its own, because trusted certificates come from its
/// environment.
#[tokio::test]
async fn certificate_trusted_by_the_system_is_accepted() {
    let redis = TlsServer::start(false);
    let check = |url: &str, trusted: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswire"));
        command.arg("check").env_clear().current_dir(redis.certificate.path());
        command.env("SSL_CERT_FILE", redis.certificate.path().join(trusted));
        command.env("REDIS_URL", url).env("TOPICS_FILE", "topics.toml");
        command.env("SECRET_KEY", "a secret that only this test has, of some length");
        command.env("TWILIO_ACCOUNT_SID", format!("AC{}", "0a".repeat(16)));
        command.env("TWILIO_AUTH_TOKEN", "0a".repeat(16)).env("TWILIO_FROM_NUMBER", LINE);
        let output = command.output().unwrap();
        let streams = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.success(), streams.concat())
    };
    let topics = "[topics.town]\nhandler = \"echo\"";
    fs::write(redis.certificate.path().join("topics.toml"), topics).unwrap();
    let _ =
        fs::copy(certificate().path().join("crt.pem"), redis.certificate.path().join("other.pem"));
    let url = format!("rediss://127.0.0.1:{}", redis.port);
    let (success, output) = check(&url, "crt.pem");
    assert!(success && output.contains("the store is reachable"), "{output}");
    let (success, output) = check(&url, "other.pem");
    assert!(!success && output.contains("REDIS_TLS_VERIFY=false"), "{output}");
}
