//! Claims of one queue.

use crosswire::contracts::storage::{ClaimRequest, QueueKind};
use crosswire::model::address::{Group, LineKey};

use super::{ClaimView, ClaimedView, Mailbox, Mailboxes, Reference, Status};

fn is_closed(line: Option<LineKey>, closed: &[LineKey]) -> bool {
    line.is_some_and(|line| closed.iter().any(|key| key.covers(&line)))
}

impl Mailboxes {
    /// Returns the suspect to claim next, if none is claimed.
    fn next_suspect(&self, closed: &[LineKey]) -> Option<Group> {
        let claimed = |mailbox: &Mailbox| {
            mailbox.head.isolated > 0 && matches!(mailbox.status, Status::Leased { .. })
        };
        if self.groups.values().any(claimed) {
            return None;
        }
        let suspect = |(group, mailbox): (&Group, &Mailbox)| match mailbox.status {
            Status::Suspect(since) => Some((since, group.clone())),
            _ => None,
        };
        let open = self.groups.iter().filter(|(group, _)| !is_closed(group.line(), closed));
        open.filter_map(suspect).min().map(|(_, group)| group)
    }

    /// Returns the open lines that were served least recently.
    fn open_lines(&self, closed: &[LineKey], most: usize) -> Vec<LineKey> {
        let open = self.lines.iter().filter(|(line, _)| !is_closed(Some((*line).clone()), closed));
        let mut open: Vec<_> = open.map(|(line, turn)| (*turn, line.clone())).collect();
        open.sort();
        open.into_iter().take(most).map(|(_, line)| line).collect()
    }

    /// Takes the groups of a line, or of none, that have been ready for longest.
    fn take(&mut self, line: Option<&LineKey>, most: usize) -> Vec<Group> {
        let ready = |(group, mailbox): (&Group, &Mailbox)| match mailbox.status {
            Status::Ready(since) => Some((since, group.clone())),
            _ => None,
        };
        let on_line = self.groups.iter().filter(|(group, _)| group.line().as_ref() == line);
        let mut ready: Vec<_> = on_line.filter_map(ready).collect();
        ready.sort();
        let taken: Vec<_> = ready.into_iter().take(most).map(|(_, group)| group).collect();
        for group in &taken {
            let mailbox = self.groups.get_mut(group).expect("it was found above");
            mailbox.status = Status::Leased { ended: false };
        }
        taken
    }

    /// Moves a served line to the end of the rotation, or out of it if it has no ready group left.
    fn rotate(&mut self, served: &LineKey, at: u64) {
        self.lines.remove(served);
        self.rotate_in(at);
    }
}

impl Reference {
    /// Claims for requests for the same lines, of which only a single one may reclaim.
    pub(super) fn claim(
        &mut self,
        kind: QueueKind,
        requests: &[&ClaimRequest],
    ) -> Vec<ClaimedView> {
        let mut claimed = vec![ClaimedView::default(); requests.len()];
        let ClaimRequest { reclaim, closed, .. } = requests[0];
        let most: Vec<_> = requests.iter().map(|request| request.max).collect();
        let mut places = (0..requests.len()).flat_map(|at| std::iter::repeat_n(at, most[at]));
        if *reclaim {
            let at = self.moves;
            let queue = self.queue(kind);
            queue.reclaim(at);
            claimed[0].next_due = queue.next_due();
            if let Some(suspect) = queue.next_suspect(closed) {
                places.next();
                claimed[0].claims.push(self.lease(kind, &suspect, requests[0], true));
            }
        }
        let groups = self.take_ready(kind, closed, places.clone().count());
        for (group, at) in groups.iter().zip(places) {
            let claim = self.lease(kind, group, requests[at], false);
            claimed[at].claims.push(claim);
        }
        claimed
    }

    /// Takes groups without a line first, and then those of the open lines. Lines are served in turn:
    /// each gives one group, or its share of a batch.
    fn take_ready(&mut self, kind: QueueKind, closed: &[LineKey], most: usize) -> Vec<Group> {
        let mut groups = self.queue(kind).take(None, most);
        while groups.len() < most {
            let missing = most - groups.len();
            let lines = self.queue(kind).open_lines(closed, missing);
            if lines.is_empty() {
                break;
            }
            let share = if self.is_batched { missing / lines.len() } else { 1 };
            for line in lines {
                groups.extend(self.queue(kind).take(Some(&line), share));
                // Each line is served behind all that was before.
                let at = self.tick();
                self.queue(kind).rotate(&line, at);
            }
        }
        groups
    }

    fn lease(
        &mut self,
        kind: QueueKind,
        group: &Group,
        request: &ClaimRequest,
        is_suspect: bool,
    ) -> ClaimView {
        let queue = self.queue(kind);
        let mailbox = queue.groups.get_mut(group).expect("the group was found by the caller");
        let outcome_unknown = std::mem::replace(&mut mailbox.head.outcome_unknown, true);
        mailbox.head.attempt += 1;
        mailbox.head.isolated += u32::from(is_suspect);
        mailbox.token = Some(request.token.clone());
        mailbox.status = Status::Leased { ended: false };
        let mut view = self.view_claim(kind, group);
        view.head.outcome_unknown = outcome_unknown;
        view
    }

    fn view_claim(&mut self, kind: QueueKind, group: &Group) -> ClaimView {
        let state = self.values.get(group.as_str()).cloned();
        let mailbox = &self.queue(kind).groups[group];
        let head = mailbox.messages.front().expect("an empty mailbox is removed");
        ClaimView {
            group: group.clone(),
            token: mailbox.token.clone().expect("the group is claimed"),
            sequence: head.sequence,
            id: head.id.clone(),
            payload: head.payload.clone(),
            head: mailbox.head.clone(),
            state,
        }
    }
}
