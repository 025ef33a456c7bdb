//! Calls of a store, with all their arguments and what they reply.

use crosswire::contracts::storage::{
    Burial, Claim, ClaimRequest, Claimed, Commit, Completed, NextClaims, Push, Queue, QueueKind,
    Retry, Settled,
};
use crosswire::model::event::Facts;

use super::reference::batch::{Answer, Reply};
use super::reference::{ClaimView, ClaimedView, Fence, Head, NextDue, Outcome};
use super::runner::{Comparison, Divergence, call_error, compare};
use crate::storage::fixture::{Fixture, LONG, copy};

/// A call that may be issued together with others.
pub(super) enum Call {
    Push(Push),
    Record(Facts),
    Claim(QueueKind, ClaimRequest),
    Complete(Claim, Commit, NextClaims),
    Retry(Claim, Retry),
    Release(Claim),
    Bury(Claim, Burial),
}

impl Call {
    /// Calls the store, and returns its answer with what it claimed for each request of the call.
    pub(super) async fn send(self, f: &Fixture) -> Result<(Answer, Vec<Claimed>), Divergence> {
        let Fixture { storage, partition } = f;
        let settled = match self {
            Self::Push(push) => {
                let pushed = storage.push(partition, push).await.map_err(call_error)?;
                return Ok((Answer::Pushed(pushed), Vec::new()));
            }
            Self::Record(facts) => {
                storage.record(partition, facts).await.map_err(call_error)?;
                return Ok((Answer::Recorded, Vec::new()));
            }
            Self::Claim(kind, request) => {
                let queue = Queue { partition: partition.clone(), kind };
                let claimed = storage.claim(&queue, &request).await.map_err(call_error)?;
                return Ok((Answer::Claimed, vec![claimed]));
            }
            Self::Complete(claim, commit, claims) => {
                let original = copy(&claim);
                let completed = storage.complete(claim, commit, &claims).await;
                let Completed { settled, next, owed } = completed.map_err(call_error)?;
                let settled = Answer::Settled(outcome(&original, settled)?);
                return Ok((settled, vec![next, owed]));
            }
            Self::Retry(claim, retry) => (copy(&claim), storage.retry(claim, retry).await),
            Self::Release(claim) => (copy(&claim), storage.release(claim).await),
            Self::Bury(claim, burial) => (copy(&claim), storage.bury(claim, burial).await),
        };
        let (original, settled) = settled;
        let settled = outcome(&original, settled.map_err(call_error)?)?;
        Ok((Answer::Settled(settled), Vec::new()))
    }
}

/// Compares a reply with the expected one.
pub(super) fn compare_reply(expected: &Reply, answer: Answer, claimed: &[Claimed]) -> Comparison {
    let claimed = claimed.iter().map(claimed_view).collect();
    compare("the reply", expected, &Reply { answer, claimed })
}

pub(super) fn fence(claim: &Claim) -> Fence<'_> {
    let Claim { queue, group, token, sequence, .. } = claim;
    Fence { kind: queue.kind, group, token, sequence: *sequence }
}

fn claimed_view(claimed: &Claimed) -> ClaimedView {
    ClaimedView {
        claims: claimed.claims.iter().map(view).collect(),
        next_due: match claimed.next_due {
            None => NextDue::Never,
            Some(due) if due < LONG / 2 => NextDue::Now,
            Some(_) => NextDue::Later,
        },
    }
}

fn view(claim: &Claim) -> ClaimView {
    ClaimView {
        group: claim.group.clone(),
        token: claim.token.clone(),
        sequence: claim.sequence,
        id: claim.id.clone(),
        payload: claim.payload.clone(),
        head: Head {
            attempt: claim.attempt,
            isolated: claim.isolated,
            failures: claim.failures,
            outcome_unknown: claim.outcome_unknown_since.is_some(),
            note: claim.note.clone(),
        },
        state: claim.state.clone(),
    }
}

/// Converts the result of a settlement; after a conflict, only the state of the claim may differ.
fn outcome(original: &Claim, settled: Settled) -> Result<Outcome, Divergence> {
    Ok(match settled {
        Settled::Done => Outcome::Done,
        Settled::LeaseLost => Outcome::LeaseLost,
        Settled::Conflict(claim) => {
            let state = claim.state.clone();
            compare(
                "the claim after a conflict",
                &Claim { state: None, ..copy(original) },
                &Claim { state: None, ..*claim },
            )?;
            Outcome::Conflict(state)
        }
        Settled::Congested(claim) => {
            compare("the claim for a congested recipient", original, &claim)?;
            Outcome::Congested
        }
    })
}
