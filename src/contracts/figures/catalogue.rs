//! Catalogue of all figures: names, labels and help texts.
//!
//! Names are those of Prometheus without the prefix `crosswire_` and without the suffix `_total` of
//! counters, which the exposition adds. Units are seconds and bytes.

/// Kind of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Total since the process started.
    Counter,
    /// Level at this moment.
    Gauge,
    /// Durations in seconds, by bucket.
    Histogram,
}

/// Figure that processes record.
#[derive(Debug, PartialEq, Eq)]
pub struct Figure {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
    /// Index among [`ALL`].
    pub(super) place: usize,
}

/// Defines the figures, and the list of them all.
macro_rules! figures {
    ($($constant:ident = $name:literal, $kind:ident, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $constant: Figure = Figure {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
                place: Place::$constant as usize,
            };
        )*

        /// Figures in their order, from which each has its index.
        #[expect(
            non_camel_case_types,
            clippy::upper_case_acronyms,
            reason = "the names are those of the figures"
        )]
        enum Place {
            $($constant),*
        }

        /// Every figure.
        pub static ALL: &[&Figure] = &[$(&$constant),*];
    };
}

figures! {
    CALLS = "calls", Counter, ["topic", "transport", "outcome"],
        "Calls of providers, by their outcome: accepted, duplicate, rejected, dropped, noted, refused or failed.";
    CALL_SECONDS = "call_seconds", Histogram, ["topic", "transport"],
        "Time from a provider's call to our answer.";
    OVERLOAD_REFUSALS = "overload_refusals", Counter, ["topic", "limit"],
        "Calls and requests that a limit against overload has refused: calls, age or depth.";
    SETTLED = "settled", Counter, ["topic", "queue", "outcome"],
        "Claims that were settled, by outcome: completed, retried, buried, released, conflict or lost.";
    RETRIES = "retries", Counter, ["topic", "queue", "reason"],
        "Messages that are tried again later, by reason.";
    HANDLER_SECONDS = "handler_seconds", Histogram, ["topic"],
        "Time that a handler takes for a message, with its reads.";
    SEND_SECONDS = "send_seconds", Histogram, ["topic", "transport"],
        "Time that a transport takes to send a message.";
    SENDS = "sends", Counter, ["topic", "transport", "outcome"],
        "Messages handed to a transport, by its answer: sent, recipient, message, line, account, throttled, unavailable or unknown.";
    LAST_SENT = "last_sent_timestamp_seconds", Gauge, ["topic", "transport"],
        "Time at which a provider has last accepted a message, in seconds since 1970.";
    REPORTS = "reports", Counter, ["topic", "transport", "state"],
        "Delivery reports of providers, by state: sent, delivered or failed.";
    QUEUE_SECONDS = "queue_seconds", Histogram, ["topic", "queue"],
        "Time from a message's entry into its queue to the first work on it.";
    END_TO_END_SECONDS = "end_to_end_seconds", Histogram, ["topic"],
        "Time from a provider's call to the acceptance of a message because of it by a provider.";
    SEGMENTS = "segments", Counter, ["topic", "transport"],
        "Segments of the messages that a provider has accepted.";
    IN_HAND = "in_hand", Gauge, ["topic", "queue"],
        "Messages that the process works on.";
    SOCKETS = "sockets", Gauge, ["topic"],
        "Sockets that the process holds.";
    STORE_CALLS = "store_calls", Counter, ["outcome"],
        "Round trips to the store, by outcome: ok or error.";
    STORE_SECONDS = "store_seconds", Histogram, [],
        "Time of a round trip to the store.";
    MEMORY_BYTES = "memory_bytes", Gauge, [],
        "Resident memory of the process.";
    QUEUE_MESSAGES = "queue_messages", Gauge, ["topic", "queue"],
        "Messages of a queue, in all states but dead.";
    QUEUE_GROUPS = "queue_groups", Gauge, ["topic", "queue", "state"],
        "Mailboxes with messages, by the state of the first: ready, leased, delayed or suspect.";
    QUEUE_SCHEDULED = "queue_scheduled", Gauge, ["topic", "queue"],
        "Wakes and messages that are not due yet.";
    QUEUE_DEAD = "queue_dead", Gauge, ["topic", "queue"],
        "Dead letters.";
    QUEUE_OLDEST_SECONDS = "queue_oldest_seconds", Gauge, ["topic", "queue"],
        "Age of the oldest waiting message that is known.";
    BACKLOG_PER_WORKER = "backlog_per_worker", Gauge, ["topic"],
        "Messages of both queues, divided by the worker processes that work on the topic.";
    PAUSED = "paused", Gauge, ["topic", "scope", "code"],
        "Pauses of sending and handling: 1 for each, with the provider's code.";
    BUDGET_SPENT = "budget_spent", Gauge, ["topic", "scope"],
        "Segments of a budget that are spent today.";
    BUDGET_LIMIT = "budget_limit", Gauge, ["topic", "scope"],
        "Segments that a budget allows today.";
    OPT_OUTS = "opt_outs", Gauge, ["topic"],
        "Opt-outs on record: for each person one of every line, and one of all together.";
    PROCESSES = "processes", Gauge, ["role", "state"],
        "Processes that have reported, by role and state: running or lost.";
    CLOCK_AHEAD = "clock_ahead_seconds", Gauge, ["clock"],
        "Time by which a clock is ahead of that of the process: of the store, or of a transport's provider; negative when it is behind.";
    CLOCK_STEPS = "clock_steps", Counter, ["direction"],
        "Steps of the store's clock that the process has found first: forward or back.";
    STORE_READY = "store_ready", Gauge, [],
        "1 while the store is reachable and safe, otherwise 0.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_follow_the_conventions_of_prometheus() {
        for (index, figure) in ALL.iter().enumerate() {
            assert_eq!(figure.place, index, "{figure:?}");
            let is_plain =
                |it: &str| it.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(
                is_plain(figure.name) && figure.labels.iter().all(|it| is_plain(it)),
                "{figure:?}"
            );
            assert!(!figure.name.ends_with("_total"), "{figure:?}");
            let is_time = figure.name.ends_with("_seconds");
            assert!(is_time || figure.kind != Kind::Histogram, "{figure:?}");
            assert!(ALL[..index].iter().all(|other| other.name != figure.name), "{figure:?}");
        }
    }
}
