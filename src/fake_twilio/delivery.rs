//! Fate of accepted messages, and the order in which it is reported.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Fate of an accepted message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// No report; the message stays queued.
    #[default]
    Silent,
    /// `sent`, then `delivered`.
    Delivered,
    /// `sent`, then `undelivered` with this code.
    Undelivered(u32),
}

/// State of a message, and the code of an error.
pub(super) type Step = (&'static str, Option<u32>);

impl Delivery {
    fn steps(self) -> Vec<Step> {
        match self {
            Self::Silent => Vec::new(),
            Self::Delivered => vec![("sent", None), ("delivered", None)],
            Self::Undelivered(code) => vec![("sent", None), ("undelivered", Some(code))],
        }
    }
}

/// Status callbacks of all further messages. The shares are of a thousand messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callbacks {
    pub delivery: Delivery,
    /// Time before each callback.
    #[serde(with = "humantime_serde")]
    pub delay: Duration,
    /// Share whose first callback comes before the response to the request.
    pub early: u64,
    /// Share whose callbacks all come twice.
    pub doubled: u64,
    /// Share whose callbacks come in the opposite order.
    pub swapped: u64,
    /// Share without any callback.
    pub lost: u64,
}

impl From<Delivery> for Callbacks {
    fn from(delivery: Delivery) -> Self {
        Self { delivery, ..Self::default() }
    }
}

/// Callbacks of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Callbacks before the response.
    pub(super) early: Vec<Step>,
    /// Callbacks after it.
    pub(super) late: Vec<Step>,
    pub(super) delay: Duration,
    /// Callbacks are made; otherwise the state changes without any.
    pub(super) calls: bool,
}

impl Callbacks {
    /// Draws the callbacks of one message. A recipient's own delivery takes the place of the general
    /// one.
    pub(super) fn plan(&self, own: Option<Delivery>, random: &mut fastrand::Rng) -> Plan {
        let mut draw = |share| random.u64(..1000) < share;
        let mut late = own.unwrap_or(self.delivery).steps();
        if draw(self.swapped) {
            late.reverse();
        }
        if draw(self.doubled) {
            late = late.into_iter().flat_map(|step| [step, step]).collect();
        }
        let early =
            if draw(self.early) && !late.is_empty() { vec![late.remove(0)] } else { vec![] };
        Plan { early, late, delay: self.delay, calls: !draw(self.lost) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_come_early_doubled_and_swapped() {
        let mut random = fastrand::Rng::with_seed(0);
        let always = Callbacks { early: 1000, doubled: 1000, ..Delivery::Delivered.into() };
        let (sent, delivered) = (("sent", None), ("delivered", None));
        let plan = always.plan(None, &mut random);
        assert_eq!((plan.early, plan.calls), (vec![sent], true));
        assert_eq!(plan.late, [sent, delivered, delivered]);
        let swapped = Callbacks { swapped: 1000, lost: 1000, ..always };
        let plan = swapped.plan(Some(Delivery::Undelivered(30003)), &mut random);
        assert_eq!((plan.early, plan.calls), (vec![("undelivered", Some(30003))], false));
        let plan = Callbacks::default().plan(None, &mut random);
        assert!(plan.early.is_empty() && plan.late.is_empty());
    }

    #[test]
    fn callbacks_are_read_from_json() {
        let json = r#"{"delivery": {"undelivered": 30003}, "delay": "100ms", "early": 50}"#;
        let read: Callbacks = serde_json::from_str(json).unwrap();
        let delay = Duration::from_millis(100);
        let delivery = Delivery::Undelivered(30003);
        assert_eq!(read, Callbacks { delay, early: 50, ..delivery.into() });
    }
}
