//! The moves of a model-based test, and the generators of their sequences.

use crosswire::contracts::storage::QueueKind;

/// Base of due times in milliseconds, far enough in the past that earlier times are due.
pub(super) const PRESENT: i64 = 1_000_000_000_000;

/// A request for claims: its `reclaim` flag, its closed lines by bit, and the claims it asks for at most.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) reclaim: bool,
    pub(super) closed: u8,
    pub(super) max: u8,
}

/// A move, encoded in small numbers so that it can be printed, removed and repeated. `age` selects a
/// claim, 0 being the newest; the claim may have been settled or lost since.
#[derive(Clone, Debug)]
pub(super) enum Move {
    Push {
        group: u8,
        id: u8,
        replies: u8,
        low_limits: bool,
        terms: Terms,
    },
    Record {
        id: u8,
    },
    Claim {
        kind: QueueKind,
        ask: Ask,
    },
    Complete {
        age: u8,
        plan: CommitPlan,
        next: Option<Ask>,
        /// Claims of the outbox.
        owed: Option<Ask>,
    },
    Retry {
        age: u8,
        delayed: bool,
        failed: bool,
        outcome_unknown: bool,
        with_note: bool,
    },
    Release {
        age: u8,
    },
    Bury {
        age: u8,
        replies: u8,
    },
    /// The lease of the claim expires, and the claim is kept for a late settlement.
    ExpireLease {
        age: u8,
    },
    /// The worker of the claim crashes.
    Crash {
        age: u8,
    },
    /// The leases of every claim ever made are extended.
    Heartbeat {
        kind: QueueKind,
    },
    Reclaim {
        kind: QueueKind,
    },
    Schedule {
        wake: u8,
    },
    /// An operator's change, in the numbers of a commit.
    Apply {
        writes: Vec<u8>,
        wake: u8,
    },
    /// The newest dead letters, in the order of their burials, are replayed or discarded.
    Unbury {
        kind: QueueKind,
        number: u8,
        replayed: bool,
    },
    /// Every delayed retry becomes due.
    EndDelays {
        kind: QueueKind,
    },
    /// Moves that wait at the same time: pushes and records, or claims and settlements.
    Together {
        moves: Vec<Move>,
    },
    /// The readable state is compared.
    Compare,
}

/// Demands of a push on its sender, and its writes.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a condition of its own")]
pub(super) struct Terms {
    pub(super) marked: bool,
    pub(super) rated: bool,
    pub(super) once: bool,
    pub(super) unqueued: bool,
    pub(super) writes: Vec<u8>,
}

/// A commit, encoded in small numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct CommitPlan {
    pub(super) check: u8,
    pub(super) writes: Vec<u8>,
    pub(super) replies: u8,
    pub(super) wakes: Vec<u8>,
    pub(super) low_limit: bool,
}

impl CommitPlan {
    const NOTHING: Self =
        Self { check: 1, writes: Vec::new(), replies: 0, wakes: Vec::new(), low_limit: false };
}

/// A random generator with a fixed algorithm, so that a seed yields the same sequence in every version.
pub(super) struct MoveGenerator(u64);

impl MoveGenerator {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`, as published by its authors.
    fn next_random(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u8) -> u8 {
        u8::try_from(self.next_random() % u64::from(bound)).expect("the remainder fits a byte")
    }

    fn one_in(&mut self, n: u8) -> bool {
        self.below(n) == 0
    }

    /// Returns the inbound queue in two of three cases.
    fn kind(&mut self) -> QueueKind {
        if self.one_in(3) { QueueKind::Outbox } else { QueueKind::Inbound }
    }

    /// Returns mostly the newest claim, which is the most likely to hold its lease.
    fn age(&mut self) -> u8 {
        match self.below(10) {
            0..=4 => 0,
            5..=6 => 1,
            7 => 2,
            _ => self.below(8),
        }
    }

    fn several(&mut self, most: u8, bound: u8) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(bound)).collect()
    }

    /// Returns no closed line in half of the cases, else bits that index the runner's list.
    fn closed(&mut self) -> u8 {
        if self.one_in(2) { 0 } else { self.below(8) }
    }

    /// Returns a request that does not reclaim in one of so many cases.
    fn ask(&mut self, spared: u8) -> Ask {
        let max = if self.one_in(2) { 1 } else { 1 + self.below(4) };
        Ask { reclaim: !self.one_in(spared), closed: self.closed(), max }
    }

    fn plan(&mut self) -> CommitPlan {
        CommitPlan {
            check: if self.one_in(2) { 0 } else { self.below(6) },
            writes: self.several(3, 32),
            replies: self.below(4),
            wakes: if self.one_in(3) { self.several(3, 32) } else { Vec::new() },
            low_limit: self.one_in(4),
        }
    }

    fn terms(&mut self) -> Terms {
        if !self.one_in(3) {
            return Terms::default();
        }
        Terms {
            marked: self.one_in(2),
            rated: self.one_in(2),
            once: self.one_in(3),
            unqueued: self.one_in(5),
            writes: self.several(2, 32),
        }
    }

    fn push(&mut self) -> Move {
        Move::Push {
            group: self.below(3),
            id: self.below(8),
            replies: if self.one_in(4) { self.below(3) } else { 0 },
            low_limits: self.one_in(4),
            terms: self.terms(),
        }
    }

    fn complete(&mut self) -> Move {
        Move::Complete {
            age: self.age(),
            plan: self.plan(),
            next: self.one_in(3).then(|| self.ask(4)),
            owed: self.one_in(4).then(|| self.ask(2)),
        }
    }

    fn retry(&mut self) -> Move {
        Move::Retry {
            age: self.age(),
            delayed: self.one_in(2),
            failed: self.one_in(2),
            outcome_unknown: self.one_in(2),
            with_note: self.one_in(2),
        }
    }

    /// Returns moves of one kind: a store may carry out the two kinds in any order.
    fn together(&mut self) -> Move {
        let (count, adds) = (1 + self.below(16), self.one_in(4));
        let moves = (0..count).map(|_| if adds { self.addition() } else { self.settlement() });
        Move::Together { moves: moves.collect() }
    }

    fn addition(&mut self) -> Move {
        if self.one_in(8) { Move::Record { id: self.below(3) } } else { self.push() }
    }

    fn settlement(&mut self) -> Move {
        match self.below(20) {
            0..6 => Move::Claim { kind: self.kind(), ask: self.ask(2) },
            6..14 => self.complete(),
            14..16 => self.retry(),
            16..18 => Move::Release { age: self.age() },
            _ => Move::Bury { age: self.age(), replies: self.below(3) },
        }
    }

    fn next_move(&mut self) -> Move {
        match self.below(112) {
            0..19 => self.push(),
            19 => Move::Unbury {
                kind: self.kind(),
                number: 1 + self.below(3),
                replayed: !self.one_in(4),
            },
            20 => Move::Record { id: self.below(3) },
            21..23 => Move::Apply { writes: self.several(3, 32), wake: self.below(8) },
            23..45 => Move::Claim { kind: self.kind(), ask: self.ask(5) },
            45..63 => self.complete(),
            63..65 => Move::Schedule { wake: self.below(8) },
            65..73 => self.retry(),
            73..77 => Move::Release { age: self.age() },
            77..82 => Move::Bury { age: self.age(), replies: self.below(3) },
            82..84 => Move::ExpireLease { age: self.age() },
            84..91 => Move::Crash { age: self.age() },
            91..93 => Move::Heartbeat { kind: self.kind() },
            93..95 => Move::Reclaim { kind: self.kind() },
            95..97 => Move::EndDelays { kind: self.kind() },
            97..109 => self.together(),
            _ => Move::Compare,
        }
    }

    pub(super) fn moves(&mut self) -> Vec<Move> {
        let length = 8 + self.below(24);
        (0..length).map(|_| self.next_move()).collect()
    }
}

/// Moves of short sequences: two workers, two groups, three messages.
const SHORT_MOVES: [Move; 7] = [
    Move::Claim { kind: QueueKind::Inbound, ask: Ask { reclaim: true, closed: 0, max: 1 } },
    Move::Complete { age: 0, plan: CommitPlan::NOTHING, next: None, owed: None },
    Move::Complete { age: 1, plan: CommitPlan::NOTHING, next: None, owed: None },
    Move::ExpireLease { age: 0 },
    Move::ExpireLease { age: 1 },
    Move::Retry { age: 0, delayed: false, failed: true, outcome_unknown: true, with_note: true },
    Move::Release { age: 1 },
];

/// Returns every sequence of `depth` short moves, each after the pushes and a first claim.
pub(super) fn short_sequences(depth: u32) -> impl Iterator<Item = Vec<Move>> {
    let choices = SHORT_MOVES.len();
    (0..choices.pow(depth)).map(move |index| {
        let push = |group, id| Move::Push {
            group,
            id,
            replies: 0,
            low_limits: false,
            terms: Terms::default(),
        };
        let mut moves = vec![push(0, 0), push(0, 1), push(1, 2), SHORT_MOVES[0].clone()];
        let digits = (0..depth).map(|place| index / choices.pow(place) % choices);
        moves.extend(digits.map(|digit| SHORT_MOVES[digit].clone()));
        moves
    })
}

/// Returns the moves without the one at this place, and if that is several together, without each of them.
pub(super) fn without(moves: &[Move], at: usize) -> Vec<Vec<Move>> {
    let mut fewer = vec![moves.to_vec()];
    fewer[0].remove(at);
    if let Move::Together { moves: together } = &moves[at] {
        for part in 0..together.len() {
            let mut without = together.clone();
            without.remove(part);
            let mut moves = moves.to_vec();
            moves[at] = Move::Together { moves: without };
            fewer.push(moves);
        }
    }
    fewer
}
