//! Zeros: counters that exist before the first count. A counter that begins with 1 shows no increase, so that
//! an alert would miss the first failure.

use crate::contracts::figures::Figures;
use crate::contracts::figures::catalogue::{CALLS, REPORTS, RETRIES, SENDS, SETTLED};
use crate::contracts::storage::QueueKind;
use crate::engine::topic::TopicRuntime;

const CALL_OUTCOMES: [&str; 7] =
    ["accepted", "duplicate", "rejected", "dropped", "noted", "refused", "failed"];
const REPORT_STATES: [&str; 3] = ["sent", "delivered", "failed"];
const SEND_OUTCOMES: [&str; 8] =
    ["sent", "recipient", "message", "line", "account", "throttled", "unavailable", "unknown"];
const SETTLEMENTS: [&str; 6] = ["completed", "retried", "buried", "released", "conflict", "lost"];

/// Counts nothing of everything that a process of this role may count about a topic.
pub(super) fn begin(figures: &Figures, topic: &TopicRuntime, role: &str) {
    let name = topic.config.name.as_str();
    for transport in &topic.config.transports {
        let transport = transport.name.as_str();
        let begin = |figure, outcomes: &[&str]| {
            for it in outcomes {
                figures.count(figure, &[name, transport, it], 0);
            }
        };
        if role != "worker" {
            begin(&CALLS, &CALL_OUTCOMES);
            begin(&REPORTS, &REPORT_STATES);
        }
        if role != "web" {
            begin(&SENDS, &SEND_OUTCOMES);
        }
    }
    if role != "web" {
        for kind in QueueKind::ALL {
            let queue = kind.as_str();
            for it in SETTLEMENTS {
                figures.count(&SETTLED, &[name, queue, it], 0);
            }
        }
        figures.count(&RETRIES, &[name, QueueKind::Inbound.as_str(), "failed"], 0);
    }
}
