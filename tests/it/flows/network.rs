//! A bad network between the processes and the store.

use std::time::{Duration, Instant};

use super::ROULETTE;
use super::texts::CONNECTED;
use crate::support::Setup;
use crate::support::proxy::{Link, Proxy};

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
