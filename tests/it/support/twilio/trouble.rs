//! How the fake misbehaves, and the seeded numbers that decide when.

use std::collections::VecDeque;
use std::time::Duration;

/// What becomes of one request to send.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    Accept,
    /// 429; Twilio documents that nothing was processed.
    Throttle {
        retry_after: Option<u64>,
    },
    /// This status, not accepted; with Twilio's JSON when there is a code, else a proxy's page.
    Fail {
        status: u16,
        code: Option<u32>,
    },
    /// Not accepted, and the connection is closed without an answer.
    Drop,
    /// Not accepted, and no answer for so long; then the connection is closed.
    Hang(Duration),
    AcceptThenDrop,
    AcceptThenFail(u16),
    AcceptThenHang(Duration),
}

/// Which behaviour is whose turn.
#[derive(Debug)]
pub(crate) struct Trouble {
    script: VecDeque<Behaviour>,
    mix: Vec<(u64, Behaviour)>,
    random: Random,
}

impl Trouble {
    pub(crate) fn none() -> Self {
        Self::script([])
    }

    /// These, one per request; then none.
    pub(crate) fn script(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        let script = behaviours.into_iter().collect();
        Self { script, mix: Vec::new(), random: Random::new(0) }
    }

    /// Each of these in so many of a thousand requests; otherwise none.
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

/// `SplitMix64`: a few lines that give the same run again for the same seed.
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

    /// A span of whole milliseconds.
    pub(crate) fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(range.start + self.below(range.end - range.start))
    }
}
