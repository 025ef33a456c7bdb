//! Redis behind TLS.

use std::fs;
use std::process::Command;

use crosswire::contracts::storage::StorageError;
use crosswire::stores::redis::{Redis, RedisConfig};
use tempfile::TempDir;

use super::nodes::join;
use super::sentinel::Sentinel;
use super::{on, settings, work_through};
use crate::support::redis::RedisServer;
use crate::support::{LINE, free_port};

/// A server that speaks TLS on a port of its own, as somebody whom nobody vouches for.
struct Encrypted {
    server: RedisServer,
    port: u16,
    certificate: TempDir,
}

impl Encrypted {
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

/// The forms in which a server may be named, apart from its login.
fn forms(port: u16) -> [String; 3] {
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
    let redis = Encrypted::start(false);
    let url = |login: &str| format!("rediss://{login}127.0.0.1:{}", redis.port);
    work_through(&on(unverified(&url(""))).await, "m1").await;
    let () = redis.server.tell(&["CONFIG", "SET", "requirepass", "s3 cret"]).await;
    for login in [":s3%20cret@", "default:s3%20cret@"] {
        work_through(&on(unverified(&url(login))).await, "m1").await;
    }
    let refused = Redis::connect(unverified(&url(":wrong@"))).await.err().unwrap();
    assert!(matches!(&refused, StorageError::Refused(_)), "{refused}");
}

#[tokio::test]
async fn cluster_supports_tls() {
    let redis = Encrypted::start(true);
    join([&redis.server]).await;
    let () = redis.server.tell(&["CONFIG", "SET", "requirepass", "s3 cret"]).await;
    let url = format!("rediss+cluster://:s3%20cret@127.0.0.1:{}", redis.port);
    work_through(&on(unverified(&url)).await, "m1").await;
}

#[tokio::test]
async fn sentinels_support_tls_and_master_password() {
    let redis = Encrypted::start(false);
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
    let sentinel = Sentinel::over(redis.port, &settings);
    sentinel.knows_of(0).await;
    let url = format!("rediss+sentinel://:secret@127.0.0.1:{port}/town/3");
    work_through(&on(unverified(&url)).await, "m1").await;
}

#[tokio::test]
async fn untrusted_certificate_is_refused_with_its_fix() {
    let redis = Encrypted::start(false);
    for url in forms(redis.port) {
        let refused = Redis::connect(settings(&url)).await.err().unwrap();
        assert!(matches!(&refused, StorageError::Refused(_)), "{url}: {refused:?}");
        assert!(refused.to_string().contains("REDIS_TLS_VERIFY=false"), "{url}: {refused}");
    }
}

/// Which certificates a process trusts is settled by its environment, so this takes one of its own.
#[tokio::test]
async fn certificate_trusted_by_the_system_is_accepted() {
    let redis = Encrypted::start(false);
    let check = |url: &str, trusted: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswire"));
        command.arg("check").env_clear().current_dir(redis.certificate.path());
        command.env("SSL_CERT_FILE", redis.certificate.path().join(trusted));
        command.env("REDIS_URL", url).env("TOPICS_FILE", "topics.toml");
        command.env("SECRET_KEY", "a secret that only this test has, of some length");
        command.env("TWILIO_ACCOUNT_SID", format!("AC{}", "0a".repeat(16)));
        command.env("TWILIO_AUTH_TOKEN", "0a".repeat(16)).env("TWILIO_FROM_NUMBER", LINE);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        (output.status.success(), said.concat())
    };
    let topics = "[topics.town]\nhandler = \"echo\"";
    fs::write(redis.certificate.path().join("topics.toml"), topics).unwrap();
    let _ =
        fs::copy(certificate().path().join("crt.pem"), redis.certificate.path().join("other.pem"));
    let url = format!("rediss://127.0.0.1:{}", redis.port);
    let (well, said) = check(&url, "crt.pem");
    assert!(well && said.contains("the store is reachable"), "{said}");
    let (well, said) = check(&url, "other.pem");
    assert!(!well && said.contains("REDIS_TLS_VERIFY=false"), "{said}");
}
