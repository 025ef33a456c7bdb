//! Transfer of all data of the file.

mod export;
mod import;

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::Sqlite;
use crate::contracts::storage::StorageError;
use crate::contracts::storage::transfer::{Record, Transfer};

#[async_trait]
impl Transfer for Sqlite {
    async fn export(&self, records: Sender<Vec<Record>>) -> Result<(), StorageError> {
        self.read(move |tx| export::export(tx, &records)).await
    }

    async fn import(&self, records: Vec<Record>) -> Result<(), StorageError> {
        self.check_reserve()?;
        self.write(move |tx| records.iter().try_for_each(|record| import::import(tx, record))).await
    }
}
