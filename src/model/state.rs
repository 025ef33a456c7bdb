//! What a topic remembers, as a transaction sees it: what it read, and what it wants changed.

use std::fmt;
use std::time::Duration;

use crate::model::address::Group;

/// Somebody in a pool, and the ticket they got when they went in. A lower ticket came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub group: Group,
    pub ticket: u64,
}

/// A read that a commit depends on: when it would come out otherwise now, the commit conflicts.
#[derive(Clone, PartialEq, Eq)]
pub enum Check {
    Value { key: String, expected: Option<String> },
    Member { pool: String, member: Member },
}

/// A change that a commit makes.
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
    /// Adds to a counter, which is forgotten `ttl` after it was last added to.
    Count {
        name: String,
        by: i64,
        ttl: Duration,
    },
}

// A value may hold a number or a text, so `Debug` names what is touched and shows none of it.

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
