//! Texts by way of a real Kannel, in both directions, with delivery reports.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::kannel::{Kannel, PASSWORD, Sms, USERNAME, block};
use crate::support::{Deployment, PATIENCE, Setup, poll};

const SECRET: &str = "3f9c2a7be05d4816";
const QUERY: &str = "secret=3f9c2a7be05d4816";

/// Number of texts that go each way.
const TEXTS: usize = 2_000;

/// Events of a message that is answered, and whose answer is delivered.
const SEVEN: [&str; 7] =
    ["received", "validated", "queued", "handled", "sent", "recorded", "delivered"];

const MANY: Duration = Duration::from_secs(120);

/// Environment of the transport, with a secret for callers.
const ENVIRONMENT: [(&str, &str); 3] =
    [("KANNEL_USERNAME", USERNAME), ("KANNEL_PASSWORD", PASSWORD), ("KANNEL_SECRET", SECRET)];

/// Deployment with this configuration, for the `sendsms` of this Kannel.
async fn deployment(kannel: &Kannel, topics: &str, environment: &[(&str, &str)]) -> Deployment {
    let topics = format!("{topics}sendsms_url = \"{}\"\n", kannel.sendsms_url());
    let setup = Setup::new(&topics).own_redis();
    let set = |setup: Setup, (name, value): &(&str, &str)| setup.env(name, value);
    let deployment = environment.iter().fold(setup, set).start().await;
    for secret in [SECRET, "change-me", "4915155", "plain text", "Δ", "हिन्दी", "🎲"]
    {
        deployment.keep_secret(secret);
    }
    deployment
}

/// Starts Kannel with the configuration of docs/kannel.md.
fn start(kannel: &Kannel, deployment: &Deployment) {
    let url = deployment.url("");
    kannel.start(&[("http://127.0.0.1:62023", url.as_str()), ("secret=SECRET", QUERY)]);
}

/// Text of a number, of one segment in either alphabet, and whether it is in that of GSM.
fn text(number: usize) -> (String, bool) {
    match number % 4 {
        0 => (format!("plain text {number}"), true),
        1 => (format!("{number}: café @ 5 € {{a}} Δ"), true),
        2 => (format!("{number}: हिन्दी ਗੁਰ †\nfête"), false),
        _ => (format!("{number}: 🎲👩‍👩‍👧 \u{200f}אב"), false),
    }
}

fn sender(number: usize) -> String {
    format!("+4915155{:06}", number % 100)
}

async fn bring(kannel: &Kannel, client: &reqwest::Client, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let (text, is_gsm) = text(number);
        let text = format!("echo {text}");
        let sms = Sms { from: sender(number), to: "5678".to_owned(), text };
        if is_gsm {
            kannel.bring(&sms);
        } else {
            kannel.bring_utf_16(client, &sms).await;
        }
    }
}

/// Checks that every sender has received each of their texts once, from the line they wrote to.
fn assert_echoed(received: &[Sms], count: usize) {
    let echo = |number: usize| {
        let (text, _) = text(number);
        Sms { from: "5678".to_owned(), to: sender(number), text }
    };
    let mut expected: Vec<Sms> = (0..count).map(echo).collect();
    let mut received = received.to_vec();
    expected.sort();
    received.sort();
    assert_eq!(received, expected);
}

/// Number of recorded events of each kind.
fn events(deployment: &Deployment) -> BTreeMap<String, usize> {
    let output = deployment.crosswire(&["events", "--topic", "poll"]);
    let output = String::from_utf8(output.stdout).unwrap();
    let mut counts = BTreeMap::new();
    for kind in output.lines().filter_map(|line| line.split_whitespace().nth(2)) {
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn two_thousand_texts_each_way_arrive_once_and_are_reported_delivered() {
    let kannel = Kannel::new();
    let deployment = deployment(&kannel, &block("toml"), &ENVIRONMENT).await;
    start(&kannel, &deployment);
    bring(&kannel, &reqwest::Client::new(), 0..TEXTS).await;
    let received = kannel.wait_for(TEXTS, MANY).await;
    assert_echoed(&received, TEXTS);
    let expected: BTreeMap<String, usize> = SEVEN.map(|kind| (kind.to_owned(), TEXTS)).into();
    let reported = poll(PATIENCE, || (events(&deployment) == expected).then_some(()));
    assert!(reported.is_some(), "{:?}", events(&deployment));
    assert_echoed(&kannel.received(), TEXTS);
}

#[tokio::test]
async fn texts_that_come_while_the_server_is_away_arrive_once() {
    let count = 100;
    let kannel = Kannel::new();
    let deployment = deployment(&kannel, &block("toml"), &ENVIRONMENT).await;
    start(&kannel, &deployment);
    let client = reqwest::Client::new();
    bring(&kannel, &client, 0..count / 2).await;
    deployment.kill_web();
    bring(&kannel, &client, count / 2..count).await;
    deployment.start_web();
    let received = kannel.wait_for(count, MANY).await;
    assert_echoed(&received, count);
}

#[tokio::test]
async fn get_url_of_rapidsms_works_from_an_allowed_address() {
    let kannel = Kannel::new();
    let topics = "[topics.poll]\nhandler = \"echo\"\ntransport = \"my-kannel-backend\"\n\
                  accept_response = \"\"\n[topics.poll.my-kannel-backend]\nkind = \"kannel\"\n\
                  allow = [\"127.0.0.0/8\"]\nfrom = \"1234\"\n";
    let deployment = deployment(&kannel, topics, &ENVIRONMENT[..2]).await;
    let path = "/backend/my-kannel-backend/?id=%p&text=%a&charset=%C&coding=%c";
    let documented = block("kannel");
    let get_url = documented.split_once("get-url = ").unwrap().1.trim();
    kannel.start(&[(get_url, &format!("\"{}\"", deployment.url(path)))]);
    let sms = |from: &str, to: &str, text: &str| Sms {
        from: from.to_owned(),
        to: to.to_owned(),
        text: text.to_owned(),
    };
    kannel.bring(&sms("+4915155000001", "1234", "echo hello: café €"));
    let received = kannel.wait_for(1, PATIENCE).await;
    assert_eq!(received, [sms("1234", "+4915155000001", "hello: café €")]);
}
