//! Lines of an outbox: claims leave the closed ones out, and serve the others in turn.

use std::time::Duration;

use crosswire::contracts::storage::{Claim, ClaimRequest, Claimed, Commit, Retry, Token};

use crate::storage::fixture::{
    Fixture, LONG, MAX_CLAIMS, claim_request, commit, copy, entry, into_claim, line, next_claim,
    retry,
};

/// Puts messages to these recipients into the outbox, each with the name of its group as its id.
async fn fill_outbox(f: &Fixture, groups: &[&str]) {
    f.push("alice", Token::random().as_str()).await;
    let claim = f.claim().await;
    let outbox = groups.iter().map(|group| entry(group, group)).collect();
    f.complete(claim, Commit { outbox, ..commit() }).await;
}

fn closed_to(closed: &[&str]) -> ClaimRequest {
    ClaimRequest { closed: closed.iter().map(|key| line(key)).collect(), ..claim_request(LONG) }
}

async fn claim(f: &Fixture, closed: &[&str]) -> Option<Claim> {
    into_claim(f.storage.claim(&f.outbox(), &closed_to(closed)).await.unwrap())
}

/// Claims all that is open and keeps it; returns the groups in the order of the claims.
async fn claim_all(f: &Fixture, closed: &[&str]) -> Vec<String> {
    let mut groups = Vec::new();
    while let Some(claim) = claim(f, closed).await {
        groups.push(claim.group.as_str().to_owned());
        assert!(groups.len() < MAX_CLAIMS as usize, "a group is claimed twice: {groups:?}");
    }
    groups
}

async fn next_due(f: &Fixture, closed: &[&str]) -> Option<Duration> {
    let Claimed { claims, next_due } =
        f.storage.claim(&f.outbox(), &closed_to(closed)).await.unwrap();
    assert_eq!(claims, [], "nothing is open");
    next_due
}

pub(crate) async fn closed_line_is_not_claimed_from(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia", "aa12.yuri", "aa11.zoe"]).await;
    assert_eq!(claim_all(&f, &["aa11"]).await, ["aa12.yuri"]);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().ready, 2);
    assert_eq!(claim_all(&f, &[]).await, ["aa11.xenia", "aa11.zoe"]);
}

pub(crate) async fn closed_transport_covers_all_its_lines(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia", "aa12.yuri", "bb21.zoe"]).await;
    assert_eq!(claim_all(&f, &["aa"]).await, ["bb21.zoe"]);
    assert_eq!(claim_all(&f, &["bb", "aa12"]).await, ["aa11.xenia"]);
}

pub(crate) async fn group_without_a_line_is_never_closed(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia", "aa", "@aa11.lobby"]).await;
    assert_eq!(claim_all(&f, &["aa"]).await, ["@aa11.lobby", "aa"]);
}

pub(crate) async fn closed_line_leaves_an_empty_claim_with_nothing_due(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia"]).await;
    assert_eq!(next_due(&f, &["aa11"]).await, None);
    fill_outbox(&f, &["bb21.yuri"]).await;
    let other = claim(&f, &["aa11"]).await.expect("its line is open");
    f.retry(other, Retry { after: LONG, ..retry() }).await;
    let due = next_due(&f, &["aa11"]).await.expect("the retry is due some time");
    assert!(due > LONG / 2 && due <= LONG, "{due:?}");
}

pub(crate) async fn settlement_claims_the_next_from_an_open_line(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia", "aa11.yuri", "bb21.zoe"]).await;
    let first = claim(&f, &["bb"]).await.expect("a line is open");
    let next = closed_to(&["aa11"]);
    let completed = f.storage.complete(copy(&first), commit(), &next_claim(next)).await.unwrap();
    let next = into_claim(completed.next).expect("a line is open");
    assert_eq!(next.group.as_str(), "bb21.zoe");
    let last = closed_to(&["aa11"]);
    let completed = f.storage.complete(next, commit(), &next_claim(last)).await.unwrap();
    assert_eq!(into_claim(completed.next), None);
}

pub(crate) async fn lines_are_served_in_turn(f: Fixture) {
    fill_outbox(&f, &["aa11.a", "aa11.b", "aa11.c", "aa12.a", "aa12.b", "bb21.a"]).await;
    let expected = ["aa11.a", "aa12.a", "bb21.a", "aa11.b", "aa12.b", "aa11.c"];
    assert_eq!(claim_all(&f, &[]).await, expected);
}

pub(crate) async fn busy_line_does_not_starve_another(f: Fixture) {
    for round in ["a", "b", "c"] {
        fill_outbox(&f, &[&format!("aa11.{round}"), &format!("aa11.{round}2")]).await;
    }
    fill_outbox(&f, &["bb21.a"]).await;
    let first = claim(&f, &[]).await.expect("all lines are open");
    assert_eq!(first.group.as_str(), "aa11.a");
    assert_eq!(claim(&f, &[]).await.expect("all lines are open").group.as_str(), "bb21.a");
}

pub(crate) async fn line_that_was_worked_off_is_served_when_it_has_work_again(f: Fixture) {
    for _ in 0..3 {
        fill_outbox(&f, &["aa11.xenia", "bb21.yuri"]).await;
        for group in ["aa11.xenia", "bb21.yuri"] {
            let claim = claim(&f, &[]).await.expect("the line has work");
            assert_eq!(claim.group.as_str(), group);
            f.complete(claim, commit()).await;
        }
        assert_eq!(next_due(&f, &[]).await, None);
    }
}

pub(crate) async fn suspect_on_a_closed_line_waits_and_others_are_tried(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia"]).await;
    make_suspect(&f, "bb").await;
    fill_outbox(&f, &["bb21.yuri"]).await;
    make_suspect(&f, "aa").await;
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().suspect, 2);
    let claimed = claim(&f, &["aa"]).await.expect("the second suspect's line is open");
    assert!(claimed.is_suspect());
    assert_eq!(claimed.group.as_str(), "bb21.yuri");
    assert_eq!(claim(&f, &["aa"]).await, None);
    f.complete(claimed, commit()).await;
    assert_eq!(next_due(&f, &["aa"]).await, None);
    let claimed = claim(&f, &[]).await.expect("its line is open again");
    assert_eq!((claimed.group.as_str(), claimed.is_suspect()), ("aa11.xenia", true));
}

/// Loses two claims of the one message whose line is open.
async fn make_suspect(f: &Fixture, closed: &str) {
    for _ in 0..2 {
        let claim = claim(f, &[closed]).await.expect("a line is open");
        f.crash(claim).await;
    }
}

pub(crate) async fn retry_and_release_put_a_group_back_on_its_line(f: Fixture) {
    fill_outbox(&f, &["aa11.xenia"]).await;
    let held = claim(&f, &[]).await.expect("the line is open");
    f.release(held).await;
    assert_eq!(claim(&f, &["aa11"]).await, None);
    let held = claim(&f, &[]).await.expect("the line is open");
    f.retry(held, retry()).await;
    assert_eq!(claim(&f, &["aa11"]).await, None);
    let held = claim(&f, &[]).await.expect("the line is open");
    f.crash(held).await;
    assert_eq!(claim(&f, &["aa11"]).await, None);
    assert!(claim(&f, &[]).await.is_some());
}
