//! What a topic remembers, as a transaction sees it: what it read, and what it wants changed.

use std::time::Duration;

use crate::address::Group;

/// Somebody in a pool, and the ticket they got when they went in. A lower ticket came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub group: Group,
    pub ticket: u64,
}

/// A read that a commit depends on: when it would come out otherwise now, the commit conflicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    Value { key: String, expected: Option<String> },
    Member { pool: String, member: Member },
}

/// A change that a commit makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Put {
        key: String,
        value: String,
        ttl: Duration,
    },
    Remove {
        key: String,
    },
    /// Puts a group at the end of a pool; one that is already there keeps its place.
    Insert {
        pool: String,
        group: Group,
    },
    Take {
        pool: String,
        group: Group,
    },
    /// Adds to a counter, which is forgotten `ttl` after it was last added to.
    Count {
        name: String,
        by: i64,
        ttl: Duration,
    },
}
