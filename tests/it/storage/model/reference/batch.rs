//! Calls that are issued at the same time, and the claims that they ask for.

use crosswire::contracts::storage::{ClaimRequest, NextClaims, Pushed, QueueKind};

use super::{ClaimedView, Outcome, Reference};
use crate::storage::model::calls::{Call, fence};

/// The expected reply to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::storage::model) struct Reply {
    pub(in crate::storage::model) answer: Answer,
    /// Claims, for each request that the call may have.
    pub(in crate::storage::model) claimed: Vec<ClaimedView>,
}

/// Reply of a call beside claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::storage::model) enum Answer {
    Pushed(Pushed),
    Recorded,
    Claimed,
    Settled(Outcome),
}

/// A request for claims, and the place of its reply.
struct Asked<'c> {
    call: usize,
    place: usize,
    kind: QueueKind,
    request: &'c ClaimRequest,
}

impl Reference {
    /// Carries out calls in their order.
    pub(in crate::storage::model) fn carry_out(&mut self, calls: &[Call]) -> Vec<Reply> {
        let (mut replies, mut asked) = (Vec::new(), Vec::new());
        for (at, call) in calls.iter().enumerate() {
            let (answer, requests) = self.carry_out_one(call);
            replies.push(Reply { answer, claimed: vec![ClaimedView::default(); requests.len()] });
            let requests = requests.into_iter().enumerate();
            asked.extend(requests.filter_map(|(place, request)| {
                request.map(|(kind, request)| Asked { call: at, place, kind, request })
            }));
            if !self.is_batched {
                self.claim_all(&std::mem::take(&mut asked), &mut replies);
            }
        }
        if self.is_batched {
            self.tick();
            self.claim_all(&asked, &mut replies);
        }
        replies
    }

    /// Carries out a call but for its claims, and returns the requests for them.
    fn carry_out_one<'c>(
        &mut self,
        call: &'c Call,
    ) -> (Answer, Vec<Option<(QueueKind, &'c ClaimRequest)>>) {
        let settled = match call {
            Call::Push(push) => return (Answer::Pushed(self.push(push)), Vec::new()),
            Call::Record(facts) => {
                self.record_once(facts);
                return (Answer::Recorded, Vec::new());
            }
            Call::Claim(kind, request) => {
                self.tick();
                return (Answer::Claimed, vec![Some((*kind, request))]);
            }
            Call::Complete(claim, commit, NextClaims { next, owed }) => {
                let outcome = self.complete(fence(claim), commit);
                let is_done = outcome == Outcome::Done;
                let asked = [(claim.queue.kind, next), (QueueKind::Outbox, owed)];
                let asked = asked.map(|(kind, request)| {
                    request.as_ref().filter(|_| is_done).map(|request| (kind, request))
                });
                return (Answer::Settled(outcome), asked.to_vec());
            }
            Call::Retry(claim, retry) => self.retry(fence(claim), retry),
            Call::Release(claim) => {
                self.release(fence(claim), claim.outcome_unknown_since.is_some())
            }
            Call::Bury(claim, burial) => self.bury(fence(claim), burial),
        };
        (Answer::Settled(settled), Vec::new())
    }

    /// Makes claims, those of one queue together. Requests for the same lines share what is ready, in
    /// their order; one that reclaims is on its own.
    fn claim_all(&mut self, asked: &[Asked<'_>], replies: &mut [Reply]) {
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            let of_queue: Vec<_> = asked.iter().filter(|asked| asked.kind == kind).collect();
            let is_shared = |one: &&Asked<'_>, next: &&Asked<'_>| {
                let (one, next) = (one.request, next.request);
                !one.reclaim && !next.reclaim && one.closed == next.closed
            };
            for run in of_queue.chunk_by(is_shared) {
                let requests: Vec<_> = run.iter().map(|asked| asked.request).collect();
                for (asked, claimed) in run.iter().zip(self.claim(kind, &requests)) {
                    replies[asked.call].claimed[asked.place] = claimed;
                }
            }
        }
    }
}
