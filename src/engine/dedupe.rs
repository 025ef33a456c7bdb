//! Identity of messages whose provider gives them no ids: by their content, within a window.
//!
//! Time is cut into buckets of the window's length. The id of a message is the digest of its content and
//! its bucket, and a repetition has the id of that bucket or of the next one, so a window lasts once to
//! twice its length. The time of our last message to the person is part of the digest as long as it can
//! lie between two repetitions: the same text after our answer is another message.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::address::{Group, GroupKey};
use crate::model::message::{Incoming, MessageId};
use crate::model::state::Write;

/// Windows after which an end of one is forgotten: the two that it is part of, and one each for the
/// clocks of other processes that are ahead or behind.
const KEPT_WINDOWS: u32 = 4;

/// Key of the value that tells when the last message went to this person.
pub(super) fn key(person: &Group) -> String {
    format!("dedupe:{person}")
}

/// Ends the window of a person, because a message to them is committed.
pub(super) fn end(person: &Group, now: DateTime<Utc>, window: Duration) -> Write {
    // Two messages may be committed within a millisecond.
    let value = format!("{}:{}", now.timestamp_millis(), Uuid::now_v7().simple());
    Write::Put { key: key(person), value, ttl: window.saturating_mul(KEPT_WINDOWS) }
}

/// Content of one message, from which its ids are derived.
pub(super) struct Content<'m> {
    pub(super) groups: &'m GroupKey,
    pub(super) message: &'m Incoming,
    pub(super) received_at: DateTime<Utc>,
    pub(super) window: Duration,
    /// Values under [`key`], one of each partition at most.
    pub(super) ends: Vec<String>,
}

impl Content<'_> {
    /// Returns the id of the message, and the one that it has when it repeats one of the bucket before.
    pub(super) fn ids(&self) -> (MessageId, MessageId) {
        let length = i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1);
        let bucket = self.received_at.timestamp_millis().div_euclid(length);
        (self.id(bucket, length), self.id(bucket - 1, length))
    }

    fn id(&self, bucket: i64, length: i64) -> MessageId {
        // An end before that cannot lie between two messages of the bucket and the next one. It is left
        // out for as long as it is stored, so that its removal changes no id.
        let oldest = (bucket - 1).saturating_mul(length);
        let is_recent = |end: &&String| {
            let time = end.split(':').next().and_then(|time| time.parse::<i64>().ok());
            time.is_some_and(|time| time >= oldest)
        };
        let ends: Vec<&str> = self.ends.iter().filter(is_recent).map(String::as_str).collect();
        let media = self.message.media.iter().map(|media| media.url.as_str());
        let media: Vec<&str> = media.collect();
        let person = self.groups.group(&self.message.sender);
        let parts = [
            person.as_str(),
            &bucket.to_string(),
            &length.to_string(),
            &ends.join(" "),
            &media.join(" "),
            self.message.text.reveal(),
        ];
        MessageId::new(hex::encode(self.groups.fingerprint("content", &parts)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::TimeDelta;
    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::*;
    use crate::model::address::Address;

    const WINDOW: Duration = Duration::from_secs(60);

    /// Store with the ids that were accepted and the end of the window, which expires.
    #[derive(Default)]
    struct Model {
        accepted: HashSet<MessageId>,
        end: Option<(String, DateTime<Utc>)>,
    }

    impl Model {
        fn counts(&mut self, groups: &GroupKey, now: DateTime<Utc>) -> bool {
            let message = Incoming::without_id(Address::new("x", "+14155550101", ""), "yes");
            let kept = self.end.iter().filter(|(_, expires)| now < *expires);
            let ends = kept.map(|(value, _)| value.clone()).collect();
            let (message, received_at) = (&message, now);
            let content = Content { groups, message, received_at, window: WINDOW, ends };
            let (id, earlier) = content.ids();
            !self.accepted.contains(&earlier) && self.accepted.insert(id)
        }

        fn answer(&mut self, now: DateTime<Utc>) {
            let person = Group::from_id("person");
            if let Write::Put { value, ttl, .. } = end(&person, now, WINDOW) {
                self.end = Some((value, now + ttl));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// A text counts when it is the first, when the last one that counted is two windows old, or
        /// when an answer came in between; it does not when that one is younger than a window.
        #[test]
        fn text_counts_once_per_window_and_answer(
            steps in prop::collection::vec((0_i64..90, prop::bool::weighted(0.3)), 1..40),
        ) {
            let groups = GroupKey::new(&SecretString::from("0123456789abcdef"));
            let (mut model, mut now) = (Model::default(), DateTime::<Utc>::UNIX_EPOCH);
            let mut last: Option<(DateTime<Utc>, bool)> = None;
            for (pause, is_answer) in steps {
                now += TimeDelta::seconds(pause);
                if is_answer {
                    model.answer(now);
                    last = last.map(|(at, _)| (at, true));
                    continue;
                }
                let counts = model.counts(&groups, now);
                match last {
                    Some((at, false)) if now - at < TimeDelta::seconds(60) => prop_assert!(!counts),
                    Some((at, false)) if now - at < TimeDelta::seconds(120) => {}
                    _ => prop_assert!(counts),
                }
                if counts {
                    last = Some((now, false));
                }
            }
        }
    }
}
