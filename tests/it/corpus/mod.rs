//! Corpus of bad requests over every door: none is answered with a 5xx, none writes into the store, and
//! none takes long.

mod doors;
mod request;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::doors::DOORS;
use crate::support::twilio::Random;
use crate::support::{Deployment, PATIENCE, Setup};

const SEED: u64 = 13;
/// Generated requests of each door: 2,040 in all.
const REQUESTS: usize = 170;

const SECRET: &str = "a-secret-of-the-gateways";
const API_TOKEN: &str = "cron-5f1c93e07ab24d68bfe2a913";
const ADMIN_TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

const TOPICS: &str = r#"
    [api.tokens.cron]
    token_env = "CRON_TOKEN"
    scopes = ["send", "read", "inbound"]

    [topics.roulette]
    handler = "roulette"
    accept_response = ""

    [topics.kannel]
    handler = "echo"
    transport = "kannel"
    accept_response = ""
    [topics.kannel.kannel]
    allow = ["127.0.0.0/8"]
    from = "1234"

    [topics.gateway]
    handler = "echo"
    transport = "gateway"
    accept_response = ""
    [topics.gateway.gateway]
    kind = "http"
    incoming.auth.secret_env = "GATEWAY_SECRET"
    outgoing.url = "http://127.0.0.1:9/?identity=%(identity)s&text=%(text)s"

    [topics.vonage]
    handler = "echo"
    transport = "vonage"
    accept_response = ""
    [topics.vonage.vonage]
    kind = "http"
    preset = "vonage"
    line = "+15005550006"

    [topics.telnyx]
    handler = "echo"
    transport = "telnyx"
    accept_response = ""
    [topics.telnyx.telnyx]
    kind = "http"
    preset = "telnyx"
    line = "+15005550006"

    [topics.junebug]
    handler = "echo"
    transport = "junebug"
    accept_response = ""
    [topics.junebug.junebug]
    kind = "http"
    preset = "junebug"
    incoming.auth.bearer_env = "GATEWAY_SECRET"
    outgoing.url = "http://127.0.0.1:9/"

    [topics.sockets]
    handler = "echo"
    transport = "websocket"
    accept_response = ""
    [topics.sockets.websocket]
    hello_timeout = "1s"
"#;

/// Deployment with a stopped worker, because upkeep would change the store.
async fn idle() -> Deployment {
    let key = BASE64_STANDARD.encode([7; 32]);
    let setup = [
        ("CRON_TOKEN", API_TOKEN),
        ("ADMIN_TOKEN", ADMIN_TOKEN),
        ("GATEWAY_SECRET", SECRET),
        ("KANNEL_SEND_URL", "http://127.0.0.1:9/"),
        ("KANNEL_USERNAME", "user"),
        ("KANNEL_PASSWORD", "password-of-kannel"),
        ("VONAGE_API_KEY", "abcd1234"),
        ("VONAGE_API_SECRET", "a-secret-of-vonage"),
        ("VONAGE_SIGNATURE_SECRET", "a-signature-secret-of-vonage-of-some-length"),
        ("TELNYX_API_KEY", "a-key-of-telnyx"),
        ("TELNYX_PUBLIC_KEY", &key),
    ]
    .into_iter()
    .fold(Setup::new(TOPICS).own_redis(), |setup, (name, value)| setup.env(name, value));
    let deployment = setup.start().await;
    assert!(deployment.stop_worker(0, PATIENCE), "{}", deployment.logs());
    deployment
}

/// Sends bytes, and returns the status; 0 when the connection is closed without a response, which refuses
/// too.
async fn status(port: u16, bytes: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // A server may refuse a request before it has read all of it.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "no end of the answer to {:?}", String::from_utf8_lossy(bytes));
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    status.map_or(0, |digits| digits.parse().unwrap())
}

#[tokio::test]
async fn no_bad_request_of_a_corpus_fails_writes_or_takes_long() {
    let deployment = idle().await;
    let before = deployment.redis().contents().await;
    let (cpu, began) = (deployment.web_cpu_time(), Instant::now());
    let mut random = Random::new(SEED);
    let (mut statuses, mut failures) = (BTreeMap::<(&str, u16), usize>::new(), Vec::new());
    for (name, door) in DOORS {
        for _ in 0..REQUESTS {
            let request = door(&deployment, &mut random).spoiled(&mut random);
            let bytes = request.bytes(&format!("127.0.0.1:{}", deployment.port()));
            let status = status(deployment.port(), &bytes).await;
            *statuses.entry((name, status)).or_default() += 1;
            if status >= 500 {
                failures.push(format!("{name}: {status} for {request:?}"));
            }
        }
        let changed = changes(&before, &deployment.redis().contents().await);
        assert!(changed.is_empty(), "{name} wrote {changed:?}");
    }
    let count = u32::try_from(DOORS.len() * REQUESTS).unwrap();
    let cpu = deployment.web_cpu_time().saturating_sub(cpu) / count;
    println!("{count} requests in {:?}, {cpu:?} of CPU time each: {statuses:#?}", began.elapsed());
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(cpu < Duration::from_millis(100), "{cpu:?} of CPU time for each request");
    assert_eq!(deployment.twilio().attempts(), 0);
}

/// Keys that are in one of two contents only, or differ. A process reports itself from time to time, whatever
/// it is asked.
fn changes(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let differs = |key: &&String| before.get(*key) != after.get(*key);
    let is_report = |key: &&String| key.contains(":process");
    let keys = before.keys().chain(after.keys());
    keys.filter(differs).filter(|key| !is_report(key)).cloned().collect()
}
