//! Fault injection of the fake, driven by a script or by seeded random numbers.

use std::collections::VecDeque;
use std::time::Duration;

/// Treatment of one request to send.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    Accept,
    /// 429; Twilio documents that nothing was processed.
    Throttle {
        retry_after: Option<u64>,
    },
    /// Not accepted, with this status: Twilio's JSON when there is a code, else a page of a proxy.
    Fail {
        status: u16,
        code: Option<u32>,
    },
    /// Not accepted; the connection is closed without a response.
    Drop,
    /// Not accepted; the connection is closed after this time without a response.
    Hang(Duration),
    AcceptThenDrop,
    AcceptThenFail(u16),
    AcceptThenHang(Duration),
}

/// Sequence of faults, one per request.
#[derive(Debug)]
pub(crate) struct Faults {
    script: VecDeque<Behaviour>,
    mix: Vec<(u64, Behaviour)>,
    random: Random,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self::script([])
    }

    /// Applies these in order, one per request, and no fault afterwards.
    pub(crate) fn script(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        let script = behaviours.into_iter().collect();
        Self { script, mix: Vec::new(), random: Random::new(0) }
    }

    /// Applies each of these to so many of a thousand requests, at random.
    pub(crate) fn mix(seed: u64, mix: impl IntoIterator<Item = (u64, Behaviour)>) -> Self {
        let mix = mix.into_iter().collect();
        Self { script: VecDeque::new(), mix, random: Random::new(seed) }
    }

    pub(super) fn next(&mut self) -> Behaviour {
        if let Some(behaviour) = self.script.pop_front() {
            return behaviour;
        }
        let mut drawn = self.random.below(1000);
        for (share, behaviour) in &self.mix {
            if drawn < *share {
                return behaviour.clone();
            }
            drawn -= share;
        }
        Behaviour::Accept
    }
}

/// `SplitMix64` generator, which repeats a run for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Random duration in whole milliseconds.
    pub(crate) fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(range.start + self.below(range.end - range.start))
    }
}
