//! Leases: their expiry, extension and reclaim.

use std::time::Duration;

use crosswire::contracts::storage::{ClaimRequest, Claimed, Settled};

use crate::storage::fixture::{Fixture, LONG, MAX_CLAIMS, claim_request, commit, into_claim};

/// Lease that outlives its own claim call and expires within a test.
const SHORT: Duration = Duration::from_millis(50);

pub(crate) async fn expired_lease_is_reclaimed(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let dropped = f.try_claim(&f.inbound(), SHORT).await.expect("m1 is ready");
    let again = f.claim_when_due(&f.inbound()).await;
    assert_eq!((again.id.as_str(), again.sequence), ("m1", dropped.sequence));
    assert_ne!(again.token, dropped.token);
    assert_eq!((dropped.attempt, again.attempt), (1, 2));
    f.complete(again, commit()).await;
    assert_eq!(f.claim().await.id.as_str(), "m2");
}

pub(crate) async fn no_message_is_lost_when_claims_expire_repeatedly(f: Fixture) {
    for n in 0..12 {
        f.push(&format!("g{}", n % 4), &format!("m{n}")).await;
    }
    let mut done = Vec::new();
    for round in 0..MAX_CLAIMS {
        let Some(claim) = f.try_claim(&f.inbound(), LONG).await else { break };
        // The worker of every second claim crashes.
        if round % 2 == 0 {
            f.expire_lease(&claim).await;
        } else {
            done.push(claim.id.as_str().to_owned());
            assert_eq!(f.complete(claim, commit()).await, Settled::Done);
        }
    }
    done.sort();
    let mut all: Vec<_> = (0..12).map(|n| format!("m{n}")).collect();
    all.sort();
    assert_eq!(done, all);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 0);
}

pub(crate) async fn extended_lease_outlives_its_first_expiry(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let alice = f.try_claim(&f.inbound(), SHORT).await.expect("m1 is ready");
    let lease = [(alice.group.clone(), alice.token.clone())];
    assert_eq!(f.storage.extend(&f.inbound(), LONG, &lease).await.unwrap(), []);
    let bob = f.try_claim(&f.inbound(), SHORT).await.expect("m2 is ready");
    // Bob's lease began later and expires, so alice's would have expired, too.
    let again = f.claim_when_due(&f.inbound()).await;
    assert_eq!(again.id, bob.id);
    assert!(f.nothing_is_ready().await);
    assert_eq!(f.complete(alice, commit()).await, Settled::Done);
}

pub(crate) async fn extend_reports_lost_leases_and_leaves_them_unchanged(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let (alice, bob) = (f.claim().await, f.claim().await);
    f.crash(crate::storage::fixture::copy(&alice)).await;
    let second = f.claim().await;
    assert_eq!(second.id, alice.id);
    let claims = [&alice, &bob].map(|claim| (claim.group.clone(), claim.token.clone()));
    // Without the fence, a zero lease would end the lease of the second claim.
    let lost = f.storage.extend(&f.inbound(), Duration::ZERO, &claims).await.unwrap();
    assert_eq!(lost, [alice.group]);
    assert_eq!(f.storage.reclaim(&f.inbound()).await.unwrap(), 1, "only bob's lease has ended");
    assert_eq!(f.complete(second, commit()).await, Settled::Done);
}

pub(crate) async fn expired_lease_is_reclaimed_only_on_request(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.expire_lease(&claim).await;
    let request = ClaimRequest { reclaim: false, ..claim_request(LONG) };
    assert!(into_claim(f.storage.claim(&f.inbound(), &request).await.unwrap()).is_none());
    assert_eq!(f.storage.reclaim(&f.inbound()).await.unwrap(), 1);
    assert_eq!(f.storage.reclaim(&f.inbound()).await.unwrap(), 0);
    let request = ClaimRequest { reclaim: false, ..claim_request(LONG) };
    let again = into_claim(f.storage.claim(&f.inbound(), &request).await.unwrap());
    assert_eq!(again.expect("it was reclaimed").attempt, 2);
}

pub(crate) async fn empty_claim_reports_when_the_next_lease_expires(f: Fixture) {
    f.push("alice", "m1").await;
    let empty = f.storage.claim(&f.outbox(), &claim_request(LONG)).await.unwrap();
    assert_eq!(empty, Claimed::default());
    f.claim().await;
    let claimed = f.storage.claim(&f.inbound(), &claim_request(LONG)).await.unwrap();
    assert_eq!(claimed.claims, []);
    let due = claimed.next_due.expect("the lease ends");
    assert!(due <= LONG && due > LONG / 2, "{due:?}");
}
