//! What may happen to a partition, and long rows of it at random.

use crosswire::contracts::storage::QueueKind;

/// The moment that due times are told from: far enough back that all of the past is due.
pub(super) const PRESENT: i64 = 1_000_000_000_000;

/// A move, said in small numbers so that it can be told, cut out and made again. A `hand` is a claim
/// that was once made, the newest being 0; it may have been settled or lost since.
#[derive(Clone, Debug)]
pub(super) enum Move {
    Push {
        group: u8,
        id: u8,
        owes: u8,
        tight: bool,
    },
    Note {
        id: u8,
    },
    Claim {
        kind: QueueKind,
        reclaim: bool,
        closed: u8,
    },
    Complete {
        hand: u8,
        plan: Plan,
        /// A claim with it: whether it reclaims, and what is closed to it.
        next: Option<(bool, u8)>,
    },
    Retry {
        hand: u8,
        later: bool,
        failed: bool,
        outcome_unknown: bool,
        noted: bool,
    },
    Release {
        hand: u8,
    },
    Bury {
        hand: u8,
        owes: u8,
    },
    /// Its lease ends and it does not know.
    Lapse {
        hand: u8,
    },
    /// Its worker dies.
    Crash {
        hand: u8,
    },
    /// A heartbeat of all that were ever claimed.
    Beat {
        kind: QueueKind,
    },
    Reclaim {
        kind: QueueKind,
    },
    /// Every delayed retry comes due.
    FallDue {
        kind: QueueKind,
    },
    /// All that can be seen is compared.
    Look,
}

/// A commit in small numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) check: u8,
    pub(super) writes: Vec<u8>,
    pub(super) owes: u8,
    pub(super) wakes: Vec<u8>,
}

impl Plan {
    const NOTHING: Self = Self { check: 1, writes: Vec::new(), owes: 0, wakes: Vec::new() };
}

/// A small generator of our own, so that a seed means the same row of moves for ever.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`, as published by its authors.
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u8) -> u8 {
        u8::try_from(self.roll() % u64::from(bound)).expect("it is below a byte")
    }

    fn one_in(&mut self, n: u8) -> bool {
        self.below(n) == 0
    }

    /// Two thirds of what happens, happens inbound.
    fn kind(&mut self) -> QueueKind {
        if self.one_in(3) { QueueKind::Outbox } else { QueueKind::Inbound }
    }

    /// Mostly the newest, which is most likely to be good still.
    fn hand(&mut self) -> u8 {
        match self.below(10) {
            0..=4 => 0,
            5..=6 => 1,
            7 => 2,
            _ => self.below(8),
        }
    }

    fn some(&mut self, most: u8, bound: u8) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(bound)).collect()
    }

    /// Half of the claims find all lines open; the bits are those of the runner's list.
    fn closed(&mut self) -> u8 {
        if self.one_in(2) { 0 } else { self.below(8) }
    }

    fn plan(&mut self) -> Plan {
        Plan {
            check: if self.one_in(2) { 0 } else { self.below(6) },
            writes: self.some(3, 32),
            owes: self.below(4),
            wakes: if self.one_in(3) { self.some(3, 32) } else { Vec::new() },
        }
    }

    fn next_move(&mut self) -> Move {
        match self.below(100) {
            0..20 => Move::Push {
                group: self.below(3),
                id: self.below(8),
                owes: if self.one_in(4) { self.below(3) } else { 0 },
                tight: self.one_in(4),
            },
            20 => Move::Note { id: self.below(3) },
            21..45 => {
                Move::Claim { kind: self.kind(), reclaim: !self.one_in(5), closed: self.closed() }
            }
            45..65 => Move::Complete {
                hand: self.hand(),
                plan: self.plan(),
                next: self.one_in(3).then(|| (!self.one_in(4), self.closed())),
            },
            65..73 => Move::Retry {
                hand: self.hand(),
                later: self.one_in(2),
                failed: self.one_in(2),
                outcome_unknown: self.one_in(2),
                noted: self.one_in(2),
            },
            73..77 => Move::Release { hand: self.hand() },
            77..81 => Move::Bury { hand: self.hand(), owes: self.below(3) },
            81..84 => Move::Lapse { hand: self.hand() },
            84..91 => Move::Crash { hand: self.hand() },
            91..93 => Move::Beat { kind: self.kind() },
            93..95 => Move::Reclaim { kind: self.kind() },
            95..97 => Move::FallDue { kind: self.kind() },
            _ => Move::Look,
        }
    }

    pub(super) fn moves(&mut self) -> Vec<Move> {
        let length = 8 + self.below(24);
        (0..length).map(|_| self.next_move()).collect()
    }
}

/// What two workers may do with two groups that have three messages between them.
const SMALL_SCOPE: [Move; 7] = [
    Move::Claim { kind: QueueKind::Inbound, reclaim: true, closed: 0 },
    Move::Complete { hand: 0, plan: Plan::NOTHING, next: None },
    Move::Complete { hand: 1, plan: Plan::NOTHING, next: None },
    Move::Lapse { hand: 0 },
    Move::Lapse { hand: 1 },
    Move::Retry { hand: 0, later: false, failed: true, outcome_unknown: true, noted: true },
    Move::Release { hand: 1 },
];

/// Every row of `depth` moves in the small scope, after the pushes and a first claim.
pub(super) fn small_scope(depth: u32) -> impl Iterator<Item = Vec<Move>> {
    let choices = SMALL_SCOPE.len();
    (0..choices.pow(depth)).map(move |row| {
        let push = |group, id| Move::Push { group, id, owes: 0, tight: false };
        let mut moves = vec![push(0, 0), push(0, 1), push(1, 2), SMALL_SCOPE[0].clone()];
        let digits = (0..depth).map(|place| row / choices.pow(place) % choices);
        moves.extend(digits.map(|digit| SMALL_SCOPE[digit].clone()));
        moves
    })
}
