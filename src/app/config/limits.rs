//! How a topic's messages are worked through and sent: figures, and what must agree between them.

use std::time::Duration;

use validator::{Validate, ValidationErrors};

use crate::contracts::settings::Section;
use crate::model::topic::{Limits, Sending};

/// A message may be handed to the provider only while the claim is certain to outlast the call; the
/// difference pays for the way to the store and back, and for a process that was held up.
const SEND_MARGIN: Duration = Duration::from_millis(500);

const SECOND: Duration = Duration::from_secs(1);

/// The most that is sensible is far above the most that is useful: these bounds catch a slip, not a
/// taste.
#[derive(Validate)]
struct LimitFigures {
    #[validate(range(min = 1, max = 1024, message = "write 1 to 1024"))]
    partitions: u16,
    #[validate(range(min = 1, max = 1024, message = "write 1 to 1024"))]
    concurrency: usize,
    #[validate(range(min = 1, max = 100, message = "write 1 to 100"))]
    max_attempts: u32,
    #[validate(range(min = 1, message = "write 1 or more"))]
    max_depth: u64,
    #[validate(range(min = 1, message = "write 1 or more"))]
    max_group_depth: u64,
    #[validate(range(min = 1, message = "write 1 or more"))]
    max_records: u64,
}

#[derive(Validate)]
struct SendingFigures {
    #[validate(range(min = 1, max = 1024, message = "write 1 to 1024"))]
    concurrency: usize,
    #[validate(range(min = 1, max = 100, message = "write 1 to 100"))]
    max_attempts: u32,
}

/// The keys of [`Limits`], which stand beside the topic's other keys.
pub(super) fn limits(section: &mut Section<'_>) -> Limits {
    let figures = LimitFigures {
        partitions: section.get("partitions").unwrap_or(1),
        concurrency: section.get("concurrency").unwrap_or(16),
        max_attempts: section.get("max_attempts").unwrap_or(5),
        max_depth: section.get("max_depth").unwrap_or(100_000),
        max_group_depth: section.get("max_group_depth").unwrap_or(200),
        max_records: section.get("max_records").unwrap_or(100_000),
    };
    complain(section, figures.validate());
    // A dead worker's messages are taken over when their lease has ended: 10 s is how long a person
    // waits for that, and a handler's 5 s leave room in it.
    let lease = section.duration("lease").unwrap_or(10 * SECOND);
    let handler_timeout = section.duration("handler_timeout").unwrap_or(5 * SECOND);
    let retention = section.duration("retention").unwrap_or(7 * 24 * 3600 * SECOND);
    at_least(section, "lease", lease, SECOND);
    at_least(section, "retention", retention, 60 * SECOND);
    at_least(section, "handler_timeout", handler_timeout, SECOND / 1000);
    if lease < handler_timeout {
        let fix = format!("write at least {}, or lower handler_timeout", words(handler_timeout));
        section.error("lease", "is shorter than handler_timeout", fix);
    }
    Limits {
        partitions: figures.partitions,
        concurrency: figures.concurrency,
        lease,
        handler_timeout,
        max_attempts: figures.max_attempts,
        max_depth: figures.max_depth,
        max_group_depth: figures.max_group_depth,
        retention,
        max_records: figures.max_records,
    }
}

/// The table `sending`.
pub(super) fn sending(mut section: Section<'_>) -> Sending {
    let figures = SendingFigures {
        concurrency: section.get("concurrency").unwrap_or(16),
        max_attempts: section.get("max_attempts").unwrap_or(20),
    };
    complain(&section, figures.validate());
    let sending = Sending {
        concurrency: figures.concurrency,
        lease: section.duration("lease").unwrap_or(20 * SECOND),
        connect_timeout: section.duration("connect_timeout").unwrap_or(5 * SECOND),
        timeout: section.duration("timeout").unwrap_or(10 * SECOND),
        max_attempts: figures.max_attempts,
        on_ambiguous: section.get("on_ambiguous").unwrap_or_default(),
        settle: section.duration("settle").unwrap_or(15 * SECOND),
    };
    at_least(&section, "connect_timeout", sending.connect_timeout, SECOND / 1000);
    at_least(&section, "timeout", sending.timeout, sending.connect_timeout);
    if sending.lease < sending.timeout + SEND_MARGIN {
        let fix = format!(
            "write at least {} (timeout plus {} of margin), or lower timeout",
            words(sending.timeout + SEND_MARGIN),
            words(SEND_MARGIN)
        );
        section.error("lease", "is too short for a whole call to the provider", fix);
    }
    section.finish();
    sending
}

fn at_least(section: &Section<'_>, key: &str, value: Duration, least: Duration) {
    if value < least {
        section.error(key, "is too short", format!("write at least {}", words(least)));
    }
}

fn complain(section: &Section<'_>, validated: Result<(), ValidationErrors>) {
    let Err(errors) = validated else { return };
    let mut found: Vec<_> = errors.field_errors().into_iter().collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (key, error) in
        found.into_iter().flat_map(|(key, errors)| errors.iter().map(move |e| (key.clone(), e)))
    {
        section.error(&key, "is out of range", error.message.as_deref().unwrap_or_default());
    }
}

fn words(duration: Duration) -> impl std::fmt::Display {
    humantime_serde::re::humantime::format_duration(duration)
}
