//! Errors of a store.

#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// Away, full or in between masters: wait and try again; nothing is lost.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// No use in trying again until an operator has mended it.
    #[error("the store refuses us: {0}")]
    Refused(String),
    /// What came back is not of the shape that we wrote.
    #[error("the store holds something that is not ours: {0}")]
    Corrupt(String),
}
