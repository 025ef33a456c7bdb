//! Errors of Redis, and how a call reacts to each.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::contracts::storage::StorageError;

/// Error code of the scripts for a write that too few replicas have yet. Repeating the call waits for them.
pub(super) const TOO_FEW_REPLICAS: &str = "UNREPLICATED";

/// Reaction to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Sends the scripts: the server does not have them, as after a restart, or takes no functions.
    SendScripts,
    /// Repeats the call later on the same connection: busy, loading, or moving a slot.
    RetryLater,
    /// Repeats the call on a new connection: a broken one, or a node that is no longer the master.
    /// The first call may have taken effect, which does no harm.
    Reconnect,
    /// Fails at once as unavailable: out of memory, or without its disk or replicas.
    FailUnavailable,
    /// Fails at once, for an operator to fix: wrong password, missing permission, unknown command.
    FailRefused,
}

pub(super) fn reaction(error: &RedisError) -> Reaction {
    if is_untrusted_certificate(error) {
        return Reaction::FailRefused;
    }
    match error.kind() {
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        ) => return Reaction::RetryLater,
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown,
        )
        | ErrorKind::Io
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::Parse => return Reaction::Reconnect,
        _ => {}
    }
    match error.code() {
        Some("LOADING" | "BUSY" | "TRYAGAIN" | TOO_FEW_REPLICAS) => Reaction::RetryLater,
        Some("READONLY" | "UNBLOCKED" | "MASTERDOWN" | "CLUSTERDOWN") => Reaction::Reconnect,
        Some("OOM" | "MISCONF" | "NOREPLICAS") => Reaction::FailUnavailable,
        // A script that fails inside wraps the error that it met: "ERR … -READONLY You can't write …".
        _ => wrapped(error.detail().unwrap_or_default()),
    }
}

fn wrapped(detail: &str) -> Reaction {
    let has = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    if has(&["Function not found", "'fcall'", "'FCALL'"]) {
        Reaction::SendScripts
    } else if has(&["OOM ", "MISCONF", "NOREPLICAS"]) {
        Reaction::FailUnavailable
    } else if has(&["READONLY", "MASTERDOWN", "CLUSTERDOWN"]) {
        Reaction::Reconnect
    } else {
        Reaction::FailRefused
    }
}

/// Tests whether the server was reached but its certificate was not trusted. The library hides the
/// error of rustls, so only the text shows it.
fn is_untrusted_certificate(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Io && error.to_string().contains("invalid peer certificate")
}

/// Converts the last error of a call into the error of the store.
pub(super) fn to_storage_error(error: &RedisError) -> StorageError {
    if is_untrusted_certificate(error) {
        return StorageError::Refused(format!(
            "this machine does not trust the certificate of the Redis server ({error}); install the \
             authority that signed it, or set REDIS_TLS_VERIFY=false to accept any certificate"
        ));
    }
    let text = match error.code() {
        Some(code) => format!("{code} {}", error.detail().unwrap_or_default()),
        None => error.to_string(),
    };
    match reaction(error) {
        Reaction::FailRefused => StorageError::Refused(text),
        _ => StorageError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn error_of(reply: &str) -> RedisError {
        let raw = format!("-{reply}\r\n");
        redis::parse_redis_value(raw.as_bytes()).unwrap().extract_error().unwrap_err()
    }

    #[rstest]
    #[case("ERR Function not found", Reaction::SendScripts)]
    #[case("ERR unknown command 'FCALL', with args beginning with: 'f' '1'", Reaction::SendScripts)]
    #[case("NOPERM this user has no permissions to run the 'fcall' command", Reaction::SendScripts)]
    #[case("LOADING Redis is loading the dataset in memory", Reaction::RetryLater)]
    #[case("BUSY Redis is busy running a script", Reaction::RetryLater)]
    #[case("TRYAGAIN Multiple keys request during rehashing of slot", Reaction::RetryLater)]
    #[case("MOVED 3999 127.0.0.1:6381", Reaction::RetryLater)]
    #[case("ASK 3999 127.0.0.1:6381", Reaction::RetryLater)]
    #[case("READONLY You can't write against a read only replica", Reaction::Reconnect)]
    #[case("UNBLOCKED force unblock from blocking operation", Reaction::Reconnect)]
    #[case("MASTERDOWN Link with MASTER is down", Reaction::Reconnect)]
    #[case("CLUSTERDOWN The cluster is down", Reaction::Reconnect)]
    #[case("OOM command not allowed when used memory > 'maxmemory'", Reaction::FailUnavailable)]
    #[case("MISCONF Redis is configured to save RDB snapshots", Reaction::FailUnavailable)]
    #[case("NOREPLICAS Not enough good replicas to write", Reaction::FailUnavailable)]
    #[case("NOAUTH Authentication required.", Reaction::FailRefused)]
    #[case("WRONGPASS invalid username-password pair", Reaction::FailRefused)]
    #[case("NOPERM this user has no permissions", Reaction::FailRefused)]
    #[case("ERR unknown command 'EVAL'", Reaction::FailRefused)]
    fn error_reply_has_its_reaction(#[case] reply: &str, #[case] expected: Reaction) {
        assert_eq!(reaction(&error_of(reply)), expected);
    }

    #[rstest]
    #[case("invalid peer certificate: UnknownIssuer", Reaction::FailRefused)]
    #[case("unexpected end of file", Reaction::Reconnect)]
    fn untrusted_certificate_is_not_retried(
        #[case] broken: &'static str,
        #[case] expected: Reaction,
    ) {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, broken);
        assert_eq!(reaction(&RedisError::from(error)), expected);
    }
}
