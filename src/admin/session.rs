//! Sessions of operators: a cookie that is sealed under the key of the deployment, so that every web
//! process knows it, and none has to remember it.

use std::time::Duration;

use actix_web::http::header::{COOKIE, HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::role::Role;
use crate::model::address::GroupKey;
use crate::model::sealed::SealKey;

/// Name of the cookie.
const NAME: &str = "crosswire_admin";
/// Life of a session.
pub(super) const LIFE: Duration = Duration::from_hours(12);

/// Session, as the cookie holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) role: Role,
    /// Token that the page sends with each change.
    pub(super) csrf: String,
    /// End, in seconds since 1970.
    ends: i64,
    /// Fingerprint of the token that opened it. Another token ends the session.
    token: String,
}

/// Maker and reader of sessions.
pub(super) struct Sessions {
    seal: SealKey,
    groups: GroupKey,
}

impl Sessions {
    pub(super) fn new(groups: GroupKey) -> Self {
        Self { seal: groups.seal_key("operator's session"), groups }
    }

    /// Opens a session.
    pub(super) fn open(&self, role: Role, token: &SecretString, now: i64) -> Session {
        let life = i64::try_from(LIFE.as_secs()).unwrap_or_default();
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the operating system gives random bytes");
        let csrf = hex::encode(random);
        Session { role, csrf, ends: now + life, token: self.fingerprint(token) }
    }

    /// Reads the session of a cookie, when it has not ended and its token is still that of the role.
    pub(super) fn read(
        &self,
        cookie: &str,
        now: i64,
        token: impl Fn(Role) -> Option<SecretString>,
    ) -> Option<Session> {
        let session: Session = serde_json::from_slice(&self.seal.open(cookie)?).ok()?;
        let is_current =
            token(session.role).is_some_and(|it| self.fingerprint(&it) == session.token);
        (is_current && now < session.ends).then_some(session)
    }

    /// Returns the value of a session's cookie.
    pub(super) fn seal(&self, session: &Session) -> String {
        let json = serde_json::to_vec(session).expect("a session is strings and numbers");
        self.seal.seal(&json)
    }

    fn fingerprint(&self, token: &SecretString) -> String {
        hex::encode(self.groups.fingerprint("operator's token", &[token.expose_secret()]))
    }
}

/// Returns the value of the session's cookie.
pub(super) fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value).next()
}

/// Returns the header that sets the cookie for this time. Its value is safe in one as it is.
pub(super) fn cookie(value: &str, life: Duration, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    let seconds = life.as_secs();
    format!("{NAME}={value}; Path=/admin; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ends_with_its_time_its_token_and_its_key() {
        let sessions = |secret: &str| Sessions::new(GroupKey::new(&SecretString::from(secret)));
        let (ours, other) = (sessions("0123456789abcdef"), sessions("another key, another seal"));
        let token = SecretString::from("the token of the role");
        let session = ours.open(Role::Read, &token, 1_000);
        let cookie = ours.seal(&session);
        let read = |sessions: &Sessions, now, token: &'static str| {
            sessions
                .read(&cookie, now, |role| (role == Role::Read).then(|| SecretString::from(token)))
        };
        let end = session.ends;
        assert_eq!(read(&ours, end - 1, "the token of the role"), Some(session));
        assert_eq!(read(&ours, end, "the token of the role"), None);
        assert_eq!(read(&ours, 1_000, "the next token"), None);
        assert_eq!(read(&other, 1_000, "the token of the role"), None);
        assert_eq!(ours.read(&cookie, 1_000, |_| None), None);
        assert_eq!(ours.read("no cookie", 1_000, |_| Some(token.clone())), None);
    }
}
