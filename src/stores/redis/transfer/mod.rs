//! Transfer of all data of a deployment.

mod export;
mod feeds;
mod import;
mod keys;
mod reader;
mod state;

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::Redis;
use crate::contracts::storage::StorageError;
use crate::contracts::storage::transfer::{Record, Transfer};

#[async_trait]
impl Transfer for Redis {
    async fn export(&self, records: Sender<Vec<Record>>) -> Result<(), StorageError> {
        export::export(self, &records).await
    }

    async fn import(&self, records: Vec<Record>) -> Result<(), StorageError> {
        import::import(self, &records).await
    }
}
