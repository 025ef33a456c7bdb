//! A bad network between the processes and the store, or the provider.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::ROULETTE;
use super::texts::{CONNECTED, DISCONNECTED, WAIT};
use crate::support::Setup;
use crate::support::proxy::{Link, Proxy};

/// Time limit of a shutdown.
const GRACE: Duration = Duration::from_secs(25);
/// Time within which web answers without a store, on a machine that other tests share.
const IN_TIME: Duration = Duration::from_secs(5);

// The proxy goes on while the end of the test waits for the processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_during_silence_of_the_network_is_put_off_and_arrives_once() {
    let proxy = Proxy::start().await;
    let deployment = Setup::new(ROULETTE).own_redis().through(proxy.clone()).start().await;
    let anna = deployment.phone("+14155550101", "/sms");
    let ben = deployment.phone("+14155550102", "/sms");
    for phone in [&anna, &ben] {
        phone.text("connect").await;
        phone.wait_for(1).await;
    }
    proxy.set(Link::Silent);
    let (call, began) = (anna.webhook("put off, not lost"), Instant::now());
    assert_eq!(call.send().await.unwrap().status, 503);
    assert!(began.elapsed() < IN_TIME, "answered after {:?}", began.elapsed());
    proxy.set(Link::Good);
    assert_eq!(call.send_until_accepted().await.said(), None);
    anna.webhook("and one more").send_until_accepted().await;
    let wanted = [CONNECTED, "Stranger: put off, not lost", "Stranger: and one more"];
    assert_eq!(ben.wait_for(3).await, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_arrives_once_when_the_answer_of_the_provider_ends_in_its_middle() {
    let proxy = Proxy::start().await;
    let topics = format!("{ROULETTE}\n    sending.settle = \"1s\"\n    sending.repeats = 0\n");
    let setup = Setup::new(&topics).own_redis().env("TWILIO_API_BASE", &proxy.http_url());
    let deployment = setup.start().await;
    proxy.lead_to(deployment.twilio().url().trim_start_matches("http://"));
    let anna = deployment.phone("+14155550101", "/sms");
    proxy.set(Link::Torn);
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    proxy.set(Link::Good);
    anna.text("disconnect").await;
    assert_eq!(anna.wait_for(2).await, [WAIT, DISCONNECTED], "the first is not sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_hangs_in_one_web_process_is_taken_by_another_and_counts_once() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    deployment.start_other_web().await;
    let anna = deployment.phone("+14155550101", "/sms");
    let call = anna.webhook("connect");
    deployment.signal_other_web(Signal::SIGSTOP);
    let hanging = tokio::spawn({
        let call = call.clone().at(deployment.other_port());
        async move { call.send().await }
    });
    assert_eq!(call.send().await.unwrap().status, 200);
    deployment.signal_other_web(Signal::SIGCONT);
    assert_eq!(hanging.await.unwrap().unwrap().status, 200);
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    anna.webhook("connect").at(deployment.other_port()).send().await.unwrap();
    assert_eq!(anna.wait_for(2).await, [WAIT, WAIT], "one for each message");
    assert!(deployment.stop_other_web(GRACE));
}
