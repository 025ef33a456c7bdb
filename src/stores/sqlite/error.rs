//! Errors of SQLite as errors of the store.

use rusqlite::{Error, ErrorCode};

use crate::contracts::storage::StorageError;

impl From<Error> for StorageError {
    fn from(error: Error) -> Self {
        if let Error::SqlInputError { msg, .. } = error {
            // The tables differ from the schema.
            return Self::Corrupt(msg);
        }
        // The text of SQLite names tables and columns, and quotes no value.
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Unavailable(format!(
                "{text}; free some of the disk that DATA_DIR is on; the store then recovers by itself"
            )),
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Unavailable(text),
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch,
            ) => Self::Corrupt(text),
            Some(_) => Self::Refused(text),
            // A row that cannot be read as the type that we write.
            None => Self::Corrupt("a row of an unexpected type".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use rusqlite::ffi;

    use super::*;

    #[rstest]
    #[case(ffi::SQLITE_FULL, "unavailable")]
    #[case(ffi::SQLITE_IOERR_WRITE, "unavailable")]
    #[case(ffi::SQLITE_BUSY, "unavailable")]
    #[case(ffi::SQLITE_CORRUPT, "not ours")]
    #[case(ffi::SQLITE_NOTADB, "not ours")]
    #[case(ffi::SQLITE_CONSTRAINT_CHECK, "not ours")]
    #[case(ffi::SQLITE_READONLY, "refuses")]
    #[case(ffi::SQLITE_ERROR, "refuses")]
    fn error_code_has_its_meaning(#[case] code: i32, #[case] meaning: &str) {
        let error = StorageError::from(Error::SqliteFailure(ffi::Error::new(code), None));
        assert!(error.to_string().contains(meaning), "{error}");
    }

    #[test]
    fn unexpected_row_is_not_quoted() {
        let odd = Error::InvalidColumnName("+15550100".to_owned());
        let error = StorageError::from(odd);
        assert!(matches!(error, StorageError::Corrupt(_)));
        assert!(!error.to_string().contains("555"), "{error}");
    }
}
