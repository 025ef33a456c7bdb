//! Dead letters: messages that were given up are found, replayed or dropped.

use super::dead_letter::{DeadFilter, DeadPage, DeadView, LetterId};
use super::people::people;
use super::{Actor, OperationError, Operations};
use crate::contracts::storage::{DeadLetterId, Queue, QueueKind};
use crate::engine::topic::TopicRuntime;
use crate::model::address::Group;
use crate::model::event::EventKind;

/// Dead letters that are read by one round trip.
const PAGE: usize = 200;
/// The same for a scan of all of them.
const SCAN: usize = 1_000;
/// Dead letters that one call reads at most to find those that a filter wants.
const MOST_READ: usize = 20_000;
/// Dead letters that one call moves at most.
pub const MOST_MOVED: usize = 500;

/// Decision of an operator about dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Back to the ends of their mailboxes.
    Replay,
    /// Away for good.
    Drop,
}

impl Fate {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Drop => "drop",
        }
    }
}

impl Operations {
    /// Returns up to `limit` dead letters that fit a filter, queue by queue, the newest first, after
    /// `before`. One page may be short, or empty, and have a next one: a call reads 20,000 at most.
    ///
    /// # Errors
    /// The filter names an unknown topic or a number that is none, or the store is unavailable.
    pub async fn dead_letters(
        &self,
        filter: &DeadFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<DeadPage, OperationError> {
        let wanted = self.wanted(filter)?;
        let before = before.map(LetterId::decode).transpose()?;
        let mut page = DeadPage::default();
        let mut read = 0;
        let queues = self.queues(filter)?;
        let is_begun = |queue: &Queue| before.as_ref().is_none_or(|it| it.queue == *queue);
        for queue in queues.iter().skip_while(|queue| !is_begun(queue)) {
            let mut after = before.as_ref().filter(|it| it.queue == *queue).map(|it| it.id.clone());
            loop {
                let found = self.storage.dead_letters_before(queue, after.as_ref(), PAGE).await?;
                let Some((last, _)) = found.last() else { break };
                (after, read) = (Some(last.clone()), read + found.len());
                for (id, dead) in found {
                    let view = DeadView::new(queue, id, dead);
                    let place = view.id.encode();
                    page.letters.extend(Some(view).filter(|view| wanted.fits(view)));
                    if page.letters.len() == limit {
                        page.next = Some(place);
                        return Ok(page);
                    }
                }
                if read >= MOST_READ {
                    let id = after.map(|id| LetterId { queue: queue.clone(), id });
                    page.next = id.map(|id| id.encode());
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }

    /// Returns the places of all dead letters that fit a filter, queue by queue, the oldest first: in the
    /// order in which they are to be replayed.
    ///
    /// # Errors
    /// The filter names an unknown topic or a number that is none, or the store is unavailable.
    pub async fn find_dead(&self, filter: &DeadFilter) -> Result<Vec<LetterId>, OperationError> {
        let wanted = self.wanted(filter)?;
        let mut all = Vec::new();
        for queue in self.queues(filter)? {
            let (mut ours, mut after) = (Vec::new(), None);
            loop {
                let found = self.storage.dead_letters_before(&queue, after.as_ref(), SCAN).await?;
                let Some((last, _)) = found.last() else { break };
                after = Some(last.clone());
                let views = found.into_iter().map(|(id, dead)| DeadView::new(&queue, id, dead));
                ours.extend(views.filter(|view| wanted.fits(view)).map(|view| view.id));
            }
            ours.reverse();
            all.extend(ours);
        }
        Ok(all)
    }

    /// Returns those of these dead letters that still exist, in this order.
    ///
    /// # Errors
    /// One is of no topic here, or the store is unavailable.
    pub async fn dead_letters_of(&self, ids: &[LetterId]) -> Result<Vec<DeadView>, OperationError> {
        let mut views = Vec::new();
        let mut ids = ids;
        while let Some(LetterId { queue, .. }) = ids.first() {
            self.service(queue.partition.topic.as_str())?;
            let same = ids.iter().take(PAGE).take_while(|it| it.queue == *queue).count();
            let (ours, rest) = ids.split_at(same);
            let wanted: Vec<DeadLetterId> = ours.iter().map(|it| it.id.clone()).collect();
            let mut found = self.storage.dead_letters_of(queue, &wanted).await?;
            for id in wanted {
                let known = found.iter().position(|(known, _)| *known == id);
                let found = known.map(|place| found.swap_remove(place));
                views.extend(found.map(|(id, dead)| DeadView::new(queue, id, dead)));
            }
            ids = rest;
        }
        Ok(views)
    }

    /// Returns the number of dead letters in the queues of a filter, whatever else it wants.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn count_dead(&self, filter: &DeadFilter) -> Result<u64, OperationError> {
        let mut count = 0;
        for queue in self.queues(filter)? {
            count += self.storage.depth(&queue).await?.dead;
        }
        Ok(count)
    }

    /// Replays or drops dead letters, in this order. One that is gone is skipped. Returns how many were
    /// there.
    ///
    /// # Errors
    /// The store is unavailable; what was moved before stays moved.
    pub async fn settle_dead(
        &self,
        actor: &Actor,
        fate: Fate,
        letters: &[LetterId],
    ) -> Result<u64, OperationError> {
        let target = match letters {
            [one] => one.encode(),
            several => format!("{} dead letters", several.len()),
        };
        let work = async {
            let mut done = 0;
            for some in letters.chunks(PAGE) {
                let views = self.dead_letters_of(some).await?;
                for views in views.chunk_by(|one, other| one.id.queue == other.id.queue) {
                    done += self.settle_some(fate, views).await?;
                }
            }
            Ok(done)
        };
        let action = format!("dead letters: {}", fate.as_str());
        self.audited(actor, &action, target, work, |done| format!("done: {done}")).await
    }

    async fn settle_some(&self, fate: Fate, letters: &[DeadView]) -> Result<u64, OperationError> {
        let Some(DeadView { id: LetterId { queue, .. }, .. }) = letters.first() else {
            return Ok(0);
        };
        let service = self.service(queue.partition.topic.as_str())?;
        let max_records = service.config.limits.max_records;
        Ok(match fate {
            Fate::Replay => {
                let replays: Vec<_> = letters.iter().map(|it| it.replay(max_records)).collect();
                self.storage.replay(queue, &replays).await?
            }
            Fate::Drop => {
                let facts = |it: &DeadView| {
                    it.letter.facts(EventKind::Discarded, "by an operator", max_records)
                };
                let letters: Vec<_> =
                    letters.iter().map(|it| (it.id.id.clone(), facts(it))).collect();
                self.storage.discard(queue, &letters).await?
            }
        })
    }

    fn queues(&self, filter: &DeadFilter) -> Result<Vec<Queue>, OperationError> {
        let mut queues = Vec::new();
        for service in self.chosen(filter.topic.as_deref())? {
            let kinds = QueueKind::ALL.into_iter();
            for kind in kinds.filter(|kind| filter.queue.is_none_or(|it| it == *kind)) {
                queues.extend(service.partitions().map(|partition| Queue { partition, kind }));
            }
        }
        Ok(queues)
    }

    fn wanted<'a>(&'a self, filter: &'a DeadFilter) -> Result<Wanted<'a>, OperationError> {
        let Some(number) = &filter.person else { return Ok(Wanted { filter, people: None }) };
        let mut people_of: Vec<Group> = Vec::new();
        for service in self.chosen(filter.topic.as_deref())? {
            people_of.extend(self.groups_of(service, number)?);
        }
        Ok(Wanted { filter, people: Some((self, people_of)) })
    }

    fn groups_of(
        &self,
        service: &TopicRuntime,
        number: &str,
    ) -> Result<Vec<Group>, OperationError> {
        let people = people(service, number, None)?;
        Ok(people.iter().map(|person| self.groups.person(person)).collect())
    }
}

/// Filter with the people that it wants.
struct Wanted<'a> {
    filter: &'a DeadFilter,
    people: Option<(&'a Operations, Vec<Group>)>,
}

impl Wanted<'_> {
    fn fits(&self, view: &DeadView) -> bool {
        let reason = self.filter.reason.as_ref();
        let fits_reason =
            reason.is_none_or(|wanted| view.reason.to_lowercase().contains(&wanted.to_lowercase()));
        let fits_person = self.people.as_ref().is_none_or(|(operations, groups)| {
            let person = view.letter.person.as_ref();
            person.is_some_and(|person| groups.contains(&operations.groups.person(person)))
        });
        fits_reason && fits_person && self.filter.since.is_none_or(|since| view.at >= since)
    }
}
