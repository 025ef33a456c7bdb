use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::model::clock::ManualClock;

fn throttle() -> (TokenThrottle, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH));
    (TokenThrottle::new("/tester", Arc::clone(&clock) as _), clock)
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number))
}

fn wrong(throttle: &TokenThrottle, number: u32) -> Attempt {
    throttle.attempt(address(number), || false)
}

#[test]
fn delays_double_up_to_their_maximum() {
    let (throttle, clock) = throttle();
    for _ in 0..MAX_FAILURES {
        assert_eq!(wrong(&throttle, 1), Attempt::Wrong);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let delay = Duration::from_secs(seconds);
        assert_eq!(wrong(&throttle, 1), Attempt::Throttled(delay));
        let unseen = throttle.attempt(address(1), || panic!("the token is not looked at"));
        assert_eq!(unseen, Attempt::Throttled(delay));
        clock.advance(delay);
        assert_eq!(wrong(&throttle, 1), Attempt::Wrong);
    }
}

#[test]
fn right_token_resets_its_client_alone() {
    let (throttle, clock) = throttle();
    for client in [1, 2] {
        for _ in 0..MAX_FAILURES {
            wrong(&throttle, client);
        }
    }
    clock.advance(FIRST_DELAY);
    assert_eq!(throttle.attempt(address(1), || true), Attempt::Accepted);
    (0..2).for_each(|_| assert_eq!(wrong(&throttle, 1), Attempt::Wrong));
    assert_eq!(wrong(&throttle, 2), Attempt::Wrong);
    assert!(matches!(wrong(&throttle, 2), Attempt::Throttled(_)));
}

#[test]
fn right_token_passes_during_a_distributed_attack() {
    let (throttle, clock) = throttle();
    let known = address(1);
    assert_eq!(throttle.attempt(known, || true), Attempt::Accepted);
    for client in 10..10 + ATTACK_FAILURES {
        assert_eq!(wrong(&throttle, client), Attempt::Wrong);
    }
    assert_eq!(wrong(&throttle, 5), Attempt::Wrong);
    assert_eq!(wrong(&throttle, 5), Attempt::Throttled(ATTACK_DELAY));
    assert_eq!(throttle.attempt(address(6), || true), Attempt::Accepted);
    // The operator's typing errors cost no more than without an attack.
    (1..MAX_FAILURES).for_each(|_| assert_eq!(wrong(&throttle, 1), Attempt::Wrong));
    assert_eq!(throttle.attempt(known, || true), Attempt::Accepted);
    clock.advance(MINUTE);
    assert_eq!(wrong(&throttle, 7), Attempt::Wrong);
    assert_eq!(wrong(&throttle, 7), Attempt::Wrong);
}

#[test]
fn number_of_clients_is_bounded() {
    let (throttle, clock) = throttle();
    let operator = IpAddr::V6(Ipv6Addr::LOCALHOST);
    assert_eq!(throttle.attempt(operator, || true), Attempt::Accepted);
    let mut wrong_tokens = 0;
    for client in 0..100_000 {
        wrong_tokens += u32::from(wrong(&throttle, client) == Attempt::Wrong);
    }
    assert_eq!(throttle.counts.lock().unwrap().clients.len(), MAX_CLIENTS);
    assert!(wrong_tokens <= 4_096, "clients without an entry share one: {wrong_tokens}");
    assert_eq!(throttle.attempt(operator, || true), Attempt::Accepted);
    clock.advance(RETENTION);
    assert_eq!(wrong(&throttle, 200_000), Attempt::Wrong);
    let known = &throttle.counts.lock().unwrap().clients;
    assert_eq!(known.len(), 2, "the operator and the new client");
}

#[test]
fn ipv6_clients_are_counted_by_network() {
    let (throttle, _) = throttle();
    let host = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host));
    for number in 0..5 {
        assert_eq!(throttle.attempt(host(number), || false), Attempt::Wrong);
    }
    assert!(matches!(throttle.attempt(host(9), || true), Attempt::Throttled(_)));
    let other = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 0));
    assert_eq!(throttle.attempt(other, || true), Attempt::Accepted);
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    assert_eq!(network(IpAddr::V6(mapped)), IpAddr::V4(Ipv4Addr::LOCALHOST));
}

#[test]
fn wrong_tokens_are_forgotten_after_an_hour() {
    let (throttle, clock) = throttle();
    for _ in 0..3 {
        for _ in 1..MAX_FAILURES {
            assert_eq!(wrong(&throttle, 1), Attempt::Wrong);
        }
        clock.advance(RETENTION);
    }
    assert_eq!(wrong(&throttle, 1), Attempt::Wrong);
    assert_eq!(wrong(&throttle, 1), Attempt::Wrong);
}
