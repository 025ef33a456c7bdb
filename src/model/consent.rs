//! Consent: opt-outs of people from a line, as they are stored.
//!
//! An opt-out is the value under the id of the group of a person's outbound messages, so that it comes
//! with the claim of each of them and costs no read. A second one under the same person without a line
//! covers what leaves from any line, such as by a messaging service. The pool [`OPTED_OUT`] lists both.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::address::{Address, Group, GroupKey};
use crate::model::state::Write;

/// Pool of the outbound groups of people who have opted out.
pub const OPTED_OUT: &str = "opted-out";

/// Life of an opt-out: longer than any number is somebody's.
const TTL: Duration = Duration::from_hours(10 * 365 * 24);

/// Opt-out of a person from a line; from every line when the address has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOutRecord {
    pub address: Address,
    pub at: DateTime<Utc>,
    pub source: OptOutSource,
}

/// Origin of an opt-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OptOutSource {
    /// A message such as STOP, or the provider's report of one.
    Message,
    /// The provider's refusal of a message to the person, with its code.
    Refusal(u32),
    /// An operator's command, or a list that one imported.
    Operator,
}

impl fmt::Display for OptOutSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message => f.write_str("message"),
            Self::Refusal(code) => write!(f, "refusal {code}"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// Returns the key of a person's opt-out from the line of an address. It is the id of the group of
/// their outbound messages.
pub fn opt_out_key(groups: &GroupKey, address: &Address) -> Group {
    groups.group(address).on_line(&groups.line(address))
}

/// Returns the writes that opt a person out of a line, and of what names no line.
pub fn opt_out(
    groups: &GroupKey,
    address: &Address,
    at: DateTime<Utc>,
    source: OptOutSource,
) -> Vec<Write> {
    let writes = |address: Address| {
        let group = opt_out_key(groups, &address);
        let value = serde_json::to_string(&OptOutRecord { address, at, source })
            .expect("an opt-out is strings and numbers throughout");
        let put = Write::Put { key: group.as_str().to_owned(), value, ttl: TTL };
        [put, Write::Insert { pool: OPTED_OUT.to_owned(), group, ttl: TTL }]
    };
    scopes(address).into_iter().flat_map(writes).collect()
}

/// Returns the writes that take an opt-out back.
pub fn opt_in(groups: &GroupKey, address: &Address) -> Vec<Write> {
    let writes = |address: Address| {
        let group = opt_out_key(groups, &address);
        let remove = Write::Remove { key: group.as_str().to_owned() };
        [remove, Write::Take { pool: OPTED_OUT.to_owned(), group }]
    };
    scopes(address).into_iter().flat_map(writes).collect()
}

/// Life of the time of an opt-in: longer than a provider takes to report what became of a message.
const OPT_IN_TTL: Duration = Duration::from_hours(7 * 24);

/// Returns the writes that take an opt-out back by a message of this time. The time is kept, for reports
/// about older messages that come later.
pub fn opt_in_at(groups: &GroupKey, address: &Address, at: DateTime<Utc>) -> Vec<Write> {
    let time = |address: Address| Write::Put {
        key: opt_in_key(groups, &address),
        value: at.timestamp_millis().to_string(),
        ttl: OPT_IN_TTL,
    };
    let times = scopes(address).into_iter().map(time);
    opt_in(groups, address).into_iter().chain(times).collect()
}

/// Returns the key of the time at which a person has last taken an opt-out back.
pub fn opt_in_key(groups: &GroupKey, address: &Address) -> String {
    format!("opted-in:{}", opt_out_key(groups, address).as_str())
}

/// Reads the time of an opt-in, as it is stored.
pub fn opt_in_time(value: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(value.parse().ok()?)
}

/// Returns the addresses that an opt-out covers: with the line, and without one.
fn scopes(address: &Address) -> Vec<Address> {
    let mut scopes = vec![address.clone(), address.without_line()];
    scopes.dedup();
    scopes
}
