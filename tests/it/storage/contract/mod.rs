//! The contract of a storage, a promise per function; any storage can be held to it.

pub(crate) mod bookkeeping;
pub(crate) mod burial;
pub(crate) mod caps;
pub(crate) mod commit;
pub(crate) mod doorbell;
pub(crate) mod duplicates;
pub(crate) mod fence;
pub(crate) mod lease;
pub(crate) mod order;
pub(crate) mod quarantine;
pub(crate) mod records;
pub(crate) mod retries;
pub(crate) mod wakes;
