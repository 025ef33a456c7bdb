//! The contract, held to SQLite.

use std::path::Path;
use std::sync::Arc;

use crosswire::contracts::storage::StorageError;
use crosswire::model::clock::{Clock, SystemClock};
use crosswire::stores::sqlite::{Sqlite, SqliteConfig};
use tempfile::TempDir;

use crate::storage::contract::{self, every_promise};
use crate::storage::fixture::Fixture;

pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

pub(super) fn open(directory: &Path) -> Result<Sqlite, StorageError> {
    let directory = directory.to_owned();
    Sqlite::open(SqliteConfig { directory, clock: clock(), ephemeral: None })
}

/// A topic in a file of its own.
pub(super) fn on_sqlite(directory: &TempDir) -> Fixture {
    Fixture::new(Arc::new(open(directory.path()).unwrap()))
}

macro_rules! hold_to {
    ($($shelf:ident: $($promise:ident),* $(,)?;)*) => {
        $(mod $shelf {
            $(#[tokio::test]
            async fn $promise() {
                let directory = tempfile::tempdir().unwrap();
                super::contract::$shelf::$promise(super::on_sqlite(&directory)).await;
            })*
        })*
    };
}

every_promise!(hold_to);

/// The same without a file, for whoever wants no trace.
mod in_memory {
    use super::{Arc, Fixture, Sqlite, clock, contract, every_promise};

    fn in_memory() -> Fixture {
        Fixture::new(Arc::new(Sqlite::in_memory(&clock()).unwrap()))
    }

    macro_rules! hold_to {
        ($($shelf:ident: $($promise:ident),* $(,)?;)*) => {
            $(mod $shelf {
                $(#[tokio::test]
                async fn $promise() {
                    super::contract::$shelf::$promise(super::in_memory()).await;
                })*
            })*
        };
    }

    every_promise!(hold_to);
}
