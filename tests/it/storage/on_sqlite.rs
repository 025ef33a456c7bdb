//! The storage contract, tested on SQLite in a file and in memory.

use std::path::Path;
use std::sync::Arc;

use crosswire::contracts::storage::StorageError;
use crosswire::model::clock::{Clock, SystemClock};
use crosswire::stores::sqlite::{Sqlite, SqliteConfig};
use tempfile::TempDir;

use crate::storage::contract::{self, contract_tests};
use crate::storage::fixture::Fixture;

pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

pub(super) fn open(directory: &Path) -> Result<Sqlite, StorageError> {
    let directory = directory.to_owned();
    Sqlite::open(SqliteConfig { directory, clock: clock(), ephemeral: None })
}

/// Returns a new topic in the database file of this directory.
pub(super) fn on_sqlite(directory: &TempDir) -> Fixture {
    Fixture::new(Arc::new(open(directory.path()).unwrap()))
}

macro_rules! generate_tests {
    ($($module:ident: $($test:ident),* $(,)?;)*) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $test() {
                let directory = tempfile::tempdir().unwrap();
                super::contract::$module::$test(super::on_sqlite(&directory)).await;
            })*
        })*
    };
}

contract_tests!(generate_tests);

/// The contract on a database in memory.
mod in_memory {
    use super::{Arc, Fixture, Sqlite, clock, contract, contract_tests};

    fn in_memory() -> Fixture {
        Fixture::new(Arc::new(Sqlite::in_memory(&clock()).unwrap()))
    }

    macro_rules! generate_tests {
        ($($module:ident: $($test:ident),* $(,)?;)*) => {
            $(mod $module {
                $(#[tokio::test]
                async fn $test() {
                    super::contract::$module::$test(super::in_memory()).await;
                })*
            })*
        };
    }

    contract_tests!(generate_tests);
}
