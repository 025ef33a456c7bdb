//! Errors of a store.

#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// The store is unreachable, full or failing over. Nothing is lost: wait and try again.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store refuses the client. Trying again is useless until an operator has fixed it.
    #[error("the store refuses us: {0}")]
    Refused(String),
    /// Another process holds the store, and does not share it.
    #[error("the store refuses us: {0}")]
    Held(String),
    /// The store holds data of another shape than this version writes.
    #[error("the store holds something that is not ours: {0}")]
    Corrupt(String),
}
