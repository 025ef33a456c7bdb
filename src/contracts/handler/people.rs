//! Standing of people in a transaction: their names on every line, shadow bars and reports.

use super::{Result, Transaction};
use crate::model::address::{Address, Group};
use crate::model::standing::{self, Report};

impl Transaction {
    /// Returns the group of a person on no line in particular: the same one, whichever of our lines they
    /// text.
    pub fn person(&self, address: &Address) -> Group {
        self.invocation.groups.person(address)
    }

    /// Returns whether an operator has barred a person in the shadow: they take part only among people of
    /// whom this is true too, and are told nothing.
    pub async fn is_shadowed(&mut self, person: &Address) -> Result<bool> {
        Ok(self.are_shadowed(&[person]).await?.contains(&true))
    }

    /// Returns of each of several people, by one round trip, what [`is_shadowed`](Self::is_shadowed)
    /// says.
    pub async fn are_shadowed(&mut self, people: &[&Address]) -> Result<Vec<bool>> {
        let groups = &self.invocation.groups;
        let keys: Vec<String> =
            people.iter().map(|person| standing::shadow_key(groups, person)).collect();
        let bars = self.read::<serde_json::Value>(&keys).await?;
        Ok(bars.into_iter().map(|bar| bar.is_some()).collect())
    }

    /// Returns whether a report of one person by another is kept already.
    pub(crate) async fn is_reported(&mut self, person: &Address, by: &Address) -> Result<bool> {
        let key = Report::key(&Report::member(&self.invocation.groups, person, by));
        Ok(self.read::<serde_json::Value>(&[key]).await?.pop().flatten().is_some())
    }

    /// Keeps a report for the operator, sealed, for 30 days.
    pub(crate) fn report(&mut self, report: &Report) {
        let writes = report.keep(&self.invocation.groups);
        self.effects.writes.extend(writes);
    }

    /// Seals a text that belongs to a report which may come.
    pub(crate) fn seal(&self, plain: &[u8]) -> String {
        self.invocation.groups.seal_key(standing::SEAL).seal(plain)
    }

    /// Opens what [`seal`](Self::seal) has made.
    pub(crate) fn open_sealed(&self, sealed: &str) -> Option<Vec<u8>> {
        self.invocation.groups.seal_key(standing::SEAL).open(sealed)
    }
}
