//! Conduct of the provider.

use std::time::Duration;

use crate::support::twilio::{Behaviour, Callbacks, Delays, Delivery, Faults};

/// Conduct of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Honest,
    /// Accepts and says that it failed, drops, and lists late.
    Lying,
    /// Hangs beyond the time limit, throttles, and fails.
    Hanging,
}

impl Provider {
    /// Returns how many of a thousand requests are treated in which way.
    pub(crate) fn faults(self, seed: u64) -> Faults {
        let hang = Duration::from_secs(2);
        match self {
            Self::Honest => Faults::none(),
            Self::Lying => Faults::mix(
                seed,
                [
                    (40, Behaviour::AcceptThenDrop),
                    (20, Behaviour::AcceptThenFail(502)),
                    (20, Behaviour::Drop),
                    (20, Behaviour::Fail { status: 500, code: None }),
                ],
            ),
            Self::Hanging => Faults::mix(
                seed,
                [
                    (10, Behaviour::Hang(hang)),
                    (10, Behaviour::AcceptThenHang(hang)),
                    (50, Behaviour::Throttle { retry_after: Some(1) }),
                    (50, Behaviour::Throttle { retry_after: None }),
                    (50, Behaviour::Fail { status: 503, code: Some(20503) }),
                ],
            ),
        }
    }

    pub(crate) fn delays(self) -> Delays {
        let list_lag = match self {
            Self::Honest => Duration::ZERO,
            Self::Lying | Self::Hanging => LIST_LAG,
        };
        Delays { list_lag, ..Delays::default() }
    }

    /// Returns the delivery reports of messages.
    pub(crate) fn reports(self) -> Callbacks {
        match self {
            Self::Honest => Callbacks::default(),
            Self::Lying | Self::Hanging => Callbacks {
                delay: Duration::from_millis(50),
                early: 100,
                doubled: 100,
                swapped: 100,
                lost: 500,
                ..Delivery::Delivered.into()
            },
        }
    }
}

/// Time after which the provider lists a message; shorter than `sending.settle` of the topic.
pub(crate) const LIST_LAG: Duration = Duration::from_millis(500);
