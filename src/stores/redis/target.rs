//! Redis URLs and the deployments that they point at.

use std::sync::Arc;

use redis::{IntoConnectionInfo, RedisConnectionInfo, TlsMode};
use secrecy::{ExposeSecret, SecretString};

use super::sentinels::Sentinels;
use crate::contracts::storage::StorageError;

/// A parsed Redis URL.
///
/// - `redis://[user:password@]host[:port][/db]`, and `rediss://` for TLS
/// - `redis+sentinel://[user:password@]host:port,host:port/master-name[/db]`, and `rediss+sentinel`
/// - `redis+cluster://[user:password@]host:port,host:port`, and `rediss+cluster`
#[derive(Clone)]
pub(super) enum Target {
    Node(Box<redis::ConnectionInfo>),
    Sentinel(Arc<Sentinels>),
    Cluster { nodes: Vec<String> },
}

const FORMS: &str = "use redis://host:port, rediss://host:port, \
    redis+sentinel://host:port,host:port/master-name or redis+cluster://host:port,host:port";

/// Parses a Redis URL.
pub(super) fn parse(url: &SecretString, verify_tls: bool) -> Result<Target, StorageError> {
    let url = url.expose_secret();
    // The URL may contain a password, so the error quotes none of it.
    let refuse = |what: &str| StorageError::Refused(format!("the Redis URL {what}; {FORMS}"));
    let (scheme, rest) = url.split_once("://").ok_or_else(|| refuse("has no scheme"))?;
    let (protocol, kind) = scheme.split_once('+').unwrap_or((scheme, "node"));
    let encrypted = match protocol {
        "redis" => false,
        "rediss" => true,
        _ => return Err(refuse("has an unknown scheme")),
    };
    // redis-rs takes this fragment for "do not verify the certificate".
    let suffix = if encrypted && !verify_tls { "#insecure" } else { "" };
    let (login, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    let at = if login.is_empty() { "" } else { "@" };
    let nodes = |login: &str, at: &str| -> Vec<String> {
        let hosts = hosts.split(',').filter(|host| !host.is_empty());
        hosts.map(|host| format!("{protocol}://{login}{at}{host}/{suffix}")).collect()
    };
    if kind != "node" && hosts.split(',').all(str::is_empty) {
        return Err(refuse("names no host"));
    }
    let target = match kind {
        "node" => {
            let info = format!("{url}{suffix}").into_connection_info();
            Target::Node(Box::new(info.map_err(|_| refuse("is malformed"))?))
        }
        "cluster" => Target::Cluster { nodes: nodes(login, at) },
        "sentinel" => {
            let (master, db) = path.split_once('/').unwrap_or((path, "0"));
            if master.is_empty() {
                return Err(refuse("names no master for its sentinels"));
            }
            let db = db.parse().map_err(|_| refuse("has a database that is not a number"))?;
            let mode = if verify_tls { TlsMode::Secure } else { TlsMode::Insecure };
            let sentinels = Sentinels::new(
                nodes("", ""),
                master,
                credentials(login).set_db(db),
                encrypted.then_some(mode),
            );
            Target::Sentinel(sentinels.map_err(|_| refuse("is malformed"))?)
        }
        _ => return Err(refuse("has an unknown scheme")),
    };
    Ok(target)
}

/// Reads the credentials for the data nodes that sentinels name.
fn credentials(login: &str) -> RedisConnectionInfo {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let plain = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        (!text.is_empty()).then_some(text)
    };
    let info = RedisConnectionInfo::default();
    let info = plain(user).into_iter().fold(info, RedisConnectionInfo::set_username);
    plain(password).into_iter().fold(info, RedisConnectionInfo::set_password)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("redis://localhost", "node")]
    #[case("rediss://:secret@h:6380/2", "node")]
    #[case("redis+sentinel://u:p%40@a:26379,b:26379/mymaster/3", "sentinel")]
    #[case("redis+cluster://a:7000,b:7001", "cluster")]
    #[case("rediss+cluster://:pw@a:7000", "cluster")]
    fn url_of_every_form_is_parsed(#[case] url: &str, #[case] kind: &str) {
        let target = parse(&SecretString::from(url), false).unwrap();
        let found = match target {
            Target::Node(_) => "node",
            Target::Sentinel(sentinels) => {
                let login = &sentinels.login;
                assert_eq!((login.db(), sentinels.name.as_str()), (3, "mymaster"));
                assert_eq!((login.username(), login.password()), (Some("u"), Some("p@")));
                "sentinel"
            }
            Target::Cluster { .. } => "cluster",
        };
        assert_eq!(found, kind);
    }

    #[rstest]
    #[case("localhost:6379")]
    #[case("http://localhost")]
    #[case("redis+sentinel://a:26379")]
    #[case("redis+cluster://")]
    fn malformed_url_is_refused_without_being_quoted(#[case] url: &str) {
        let error = parse(&SecretString::from(url), true).err().unwrap().to_string();
        assert!(error.contains("use redis://"), "{error}");
        assert!(!error.contains("localhost:6379") && !error.contains("a:26379"), "{error}");
    }
}
