//! The statements of a connection, each compiled once.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::{Connection, Statement};

/// A connection with its compiled statements.
pub(super) trait Statements {
    fn connection(&self) -> &Connection;

    /// Hands out a statement, which is compiled when it is asked for the first time.
    fn with(&self, sql: &'static str, run: &mut dyn FnMut(Run<'_, '_>)) -> rusqlite::Result<()>;
}

/// The statement that a run has.
type Run<'s, 'c> = &'s mut Statement<'c>;

/// Statements by the place of their text. Each text is a constant, so that its place tells it from all
/// others, and a look-up reads none of it.
pub(super) struct Compiled<'c> {
    db: &'c Connection,
    idle: RefCell<HashMap<(usize, usize), Statement<'c>>>,
}

impl<'c> Compiled<'c> {
    pub(super) fn new(db: &'c Connection) -> Self {
        Self { db, idle: RefCell::default() }
    }
}

impl Statements for Compiled<'_> {
    fn connection(&self) -> &Connection {
        self.db
    }

    fn with(&self, sql: &'static str, run: &mut dyn FnMut(Run<'_, '_>)) -> rusqlite::Result<()> {
        let place = (sql.as_ptr().addr(), sql.len());
        // It is out of the table while it runs, since it may ask for itself again.
        let idle = self.idle.borrow_mut().remove(&place);
        let mut statement = match idle {
            Some(statement) => statement,
            None => self.db.prepare(sql)?,
        };
        run(&mut statement);
        self.idle.borrow_mut().insert(place, statement);
        Ok(())
    }
}
