//! Tables of records that handlers keep, for export.

/// Table of records: where they are in a topic's state, and their columns.
///
/// The pool has one member for each record. Under the member's [`Table::key`] lies the record, a JSON
/// object whose fields are the columns; a record may lack some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name of the app that keeps it in its router; empty without a router.
    pub name: String,
    pub pool: String,
    pub columns: Vec<String>,
}

impl Table {
    /// Returns the table as an app of a router keeps it, in the scope of its name.
    #[must_use]
    pub fn within(self, app: &str) -> Self {
        let name =
            if self.name.is_empty() { app.to_owned() } else { format!("{app}/{}", self.name) };
        Self { name, pool: format!("{app}/{}", self.pool), ..self }
    }

    /// Returns the key of the record of a member. The pool's name begins with the scope, if there is one.
    pub fn key(pool: &str, member: &str) -> String {
        format!("{pool}:{member}")
    }
}
