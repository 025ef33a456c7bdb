//! Failures on demand: by a script, at random, or by the recipient's number.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Treatment of one request to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    Accept,
    /// 429; Twilio documents that nothing was processed.
    Throttle {
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// Not accepted, with this status: Twilio's JSON when there is a code, else a page of a proxy.
    Fail {
        status: u16,
        #[serde(default)]
        code: Option<u32>,
    },
    /// Not accepted; the connection is closed without a response.
    Drop,
    /// Not accepted; the connection is closed after this time without a response.
    Hang(#[serde(with = "humantime_serde")] Duration),
    AcceptThenDrop,
    AcceptThenFail(u16),
    AcceptThenHang(#[serde(with = "humantime_serde")] Duration),
}

/// Share of the requests that are treated in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    per_mille: u64,
    fault: Behaviour,
}

/// Faults of the requests to send.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Faults of requests to one recipient, as long as they are set.
    numbers: HashMap<String, Behaviour>,
    /// Faults of the next requests, one each.
    script: VecDeque<Behaviour>,
    /// Faults of all further requests, at random.
    mix: Vec<Share>,
    seed: u64,
    #[serde(skip)]
    random: Option<fastrand::Rng>,
}

impl Faults {
    pub fn none() -> Self {
        Self::default()
    }

    /// Applies these in order, one per request, and no fault afterwards.
    pub fn script(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        Self { script: behaviours.into_iter().collect(), ..Self::default() }
    }

    /// Applies each of these to so many of a thousand requests, at random.
    pub fn mix(seed: u64, mix: impl IntoIterator<Item = (u64, Behaviour)>) -> Self {
        let share = |(per_mille, fault)| Share { per_mille, fault };
        Self { mix: mix.into_iter().map(share).collect(), seed, ..Self::default() }
    }

    /// Applies these to all requests for a recipient.
    pub fn numbers(numbers: impl IntoIterator<Item = (String, Behaviour)>) -> Self {
        Self { numbers: numbers.into_iter().collect(), ..Self::default() }
    }

    /// Returns the treatment of the next request.
    pub(super) fn next(&mut self, recipient: &str) -> Behaviour {
        if let Some(behaviour) = self.numbers.get(recipient) {
            return behaviour.clone();
        }
        if let Some(behaviour) = self.script.pop_front() {
            return behaviour;
        }
        let seed = self.seed;
        let random = self.random.get_or_insert_with(|| fastrand::Rng::with_seed(seed));
        let mut drawn = random.u64(..1000);
        for share in &self.mix {
            if drawn < share.per_mille {
                return share.fault.clone();
            }
            drawn -= share.per_mille;
        }
        Behaviour::Accept
    }
}

/// Delays of the server.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delays {
    /// Time before each response of the API.
    #[serde(with = "humantime_serde")]
    pub latency: Duration,
    /// Time after which an accepted message appears in the list.
    #[serde(with = "humantime_serde")]
    pub list_lag: Duration,
    /// Time by which the server's clock, which its `Date` header shows, is ahead.
    #[serde(with = "humantime_serde")]
    pub clock_ahead: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_json() {
        let json = r#"{
            "script": ["drop", {"hang": "10s"}, {"throttle": {"retry_after": 7}}],
            "mix": [{"per_mille": 1000, "fault": {"accept_then_fail": 500}}],
            "numbers": {"+14155550101": {"fail": {"status": 400, "code": 21610}}}
        }"#;
        let mut faults: Faults = serde_json::from_str(json).unwrap();
        let blocked = Behaviour::Fail { status: 400, code: Some(21610) };
        assert_eq!(faults.next("+14155550101"), blocked);
        assert_eq!(faults.next("+14155550102"), Behaviour::Drop);
        assert_eq!(faults.next("+14155550102"), Behaviour::Hang(Duration::from_secs(10)));
        assert_eq!(faults.next("+1"), Behaviour::Throttle { retry_after: Some(7) });
        assert_eq!(faults.next("+1"), Behaviour::AcceptThenFail(500));
        assert!(serde_json::from_str::<Faults>(r#"{"scirpt": []}"#).is_err());
    }

    #[test]
    fn mix_has_its_shares_and_repeats_for_a_seed() {
        let drawn = |seed| {
            let mut faults = Faults::mix(seed, [(50, Behaviour::Drop)]);
            (0..20_000).map(|_| faults.next("+1") == Behaviour::Drop).collect::<Vec<_>>()
        };
        let dropped = drawn(1).into_iter().filter(|dropped| *dropped).count();
        assert!((800..1200).contains(&dropped), "{dropped}");
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }
}
