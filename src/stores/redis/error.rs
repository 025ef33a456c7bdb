//! What an error of Redis means for the call that met it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::contracts::storage::StorageError;

/// What we say when a write is done and too few replicas have it yet: asking again waits for them.
pub(super) const SHORT_OF_REPLICAS: &str = "UNREPLICATED";

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The script cache is empty, as after a restart or a failover: send the source.
    Source,
    /// Busy, loading or between slots: the same call again in a moment, on the same connection.
    Wait,
    /// A broken connection, or a node that is no master any more: the same call again on a new
    /// connection. Whether the first one took effect is unknown, and does not matter.
    Reconnect,
    /// Full, or without its disk or replicas: nobody can write now, so say so at once.
    Full,
    /// Ours to mend: wrong password, missing permission, a command that it does not know.
    Refuse,
}

pub(super) fn remedy(error: &RedisError) -> Remedy {
    if is_distrust(error) {
        return Remedy::Refuse;
    }
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::NoScript) => return Remedy::Source,
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        ) => return Remedy::Wait,
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown,
        )
        | ErrorKind::Io
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::Parse => return Remedy::Reconnect,
        _ => {}
    }
    match error.code() {
        Some("NOSCRIPT") => Remedy::Source,
        Some("LOADING" | "BUSY" | "TRYAGAIN" | SHORT_OF_REPLICAS) => Remedy::Wait,
        Some("READONLY" | "UNBLOCKED" | "MASTERDOWN" | "CLUSTERDOWN") => Remedy::Reconnect,
        Some("OOM" | "MISCONF" | "NOREPLICAS") => Remedy::Full,
        // A script that fails inside wraps what it met: "ERR … -READONLY You can't write …".
        _ => wrapped(error.detail().unwrap_or_default()),
    }
}

fn wrapped(detail: &str) -> Remedy {
    let has = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    if has(&["OOM ", "MISCONF", "NOREPLICAS"]) {
        Remedy::Full
    } else if has(&["READONLY", "MASTERDOWN", "CLUSTERDOWN"]) {
        Remedy::Reconnect
    } else {
        Remedy::Refuse
    }
}

/// Whether the server was reached, and its certificate not believed. The library keeps rustls' own
/// error to itself, so only the words tell.
fn is_distrust(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Io && error.to_string().contains("invalid peer certificate")
}

/// The error that a call ends with when no remedy has helped.
pub(super) fn give_up(error: &RedisError) -> StorageError {
    if is_distrust(error) {
        return StorageError::Refused(format!(
            "this machine does not trust the certificate of the Redis server ({error}); install the \
             authority that signed it, or set REDIS_TLS_VERIFY=false to accept any certificate"
        ));
    }
    let text = match error.code() {
        Some(code) => format!("{code} {}", error.detail().unwrap_or_default()),
        None => error.to_string(),
    };
    match remedy(error) {
        Remedy::Refuse => StorageError::Refused(text),
        _ => StorageError::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn met(reply: &str) -> RedisError {
        let raw = format!("-{reply}\r\n");
        redis::parse_redis_value(raw.as_bytes()).unwrap().extract_error().unwrap_err()
    }

    #[rstest]
    #[case("NOSCRIPT No matching script", Remedy::Source)]
    #[case("LOADING Redis is loading the dataset in memory", Remedy::Wait)]
    #[case("BUSY Redis is busy running a script", Remedy::Wait)]
    #[case("TRYAGAIN Multiple keys request during rehashing of slot", Remedy::Wait)]
    #[case("MOVED 3999 127.0.0.1:6381", Remedy::Wait)]
    #[case("ASK 3999 127.0.0.1:6381", Remedy::Wait)]
    #[case("READONLY You can't write against a read only replica", Remedy::Reconnect)]
    #[case("UNBLOCKED force unblock from blocking operation", Remedy::Reconnect)]
    #[case("MASTERDOWN Link with MASTER is down", Remedy::Reconnect)]
    #[case("CLUSTERDOWN The cluster is down", Remedy::Reconnect)]
    #[case("OOM command not allowed when used memory > 'maxmemory'", Remedy::Full)]
    #[case("MISCONF Redis is configured to save RDB snapshots", Remedy::Full)]
    #[case("NOREPLICAS Not enough good replicas to write", Remedy::Full)]
    #[case("NOAUTH Authentication required.", Remedy::Refuse)]
    #[case("WRONGPASS invalid username-password pair", Remedy::Refuse)]
    #[case("NOPERM this user has no permissions", Remedy::Refuse)]
    #[case("ERR unknown command 'EVALSHA'", Remedy::Refuse)]
    fn every_answer_has_its_remedy(#[case] reply: &str, #[case] expected: Remedy) {
        assert_eq!(remedy(&met(reply)), expected);
    }

    #[rstest]
    #[case("invalid peer certificate: UnknownIssuer", Remedy::Refuse)]
    #[case("unexpected end of file", Remedy::Reconnect)]
    fn a_certificate_does_not_become_a_better_one_by_asking_again(
        #[case] broken: &'static str,
        #[case] expected: Remedy,
    ) {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, broken);
        assert_eq!(remedy(&RedisError::from(error)), expected);
    }
}
