//! Reads and writes of a transaction over a topic's state.

use std::fmt;
use std::time::Duration;

use crate::model::address::Group;

/// Member of a pool, with the ticket that it received on insertion. Lower tickets came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub group: Group,
    pub ticket: u64,
}

/// Optimistic check of a commit: the commit conflicts when the read would return another result now.
#[derive(Clone, PartialEq, Eq)]
pub enum Check {
    Value { key: String, expected: Option<String> },
    Member { pool: String, member: Member },
}

/// Write of a commit.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    Put {
        key: String,
        value: String,
        ttl: Duration,
    },
    Remove {
        key: String,
    },
    /// Adds a group to the end of a pool, and removes it `ttl` after the commit. A member keeps its
    /// place and gets the new `ttl`.
    Insert {
        pool: String,
        group: Group,
        ttl: Duration,
    },
    Take {
        pool: String,
        group: Group,
    },
    /// Adds to a counter, which expires `ttl` after the last addition.
    Count {
        name: String,
        by: i64,
        ttl: Duration,
    },
}

// A value may hold a phone number or a text, so `Debug` shows keys and no values.

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { key, .. } => write!(f, "Value({key})"),
            Self::Member { pool, member } => write!(f, "Member({pool}, {})", member.group),
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, .. } => write!(f, "Put({key})"),
            Self::Remove { key } => write!(f, "Remove({key})"),
            Self::Insert { pool, group, .. } => write!(f, "Insert({pool}, {group})"),
            Self::Take { pool, group } => write!(f, "Take({pool}, {group})"),
            Self::Count { name, by, .. } => write!(f, "Count({name}, {by})"),
        }
    }
}
