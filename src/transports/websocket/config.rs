//! Settings of the transport: the table `topics.<topic>.websocket`.

use std::time::Duration;

use serde::Deserialize;

use crate::contracts::settings::SettingsErrors;
use crate::contracts::transport::socket::SocketSettings;

/// Protocol of clients that offer no subprotocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Protocol {
    #[default]
    Json,
    Text,
}

/// Settings as topics.toml has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocketConfig {
    protocol: Protocol,
    paths: Vec<String>,
    origins: Vec<String>,
    max_frame: usize,
    rate: u32,
    burst: u32,
    address_rate: u32,
    room_rate: u32,
    max_sockets: usize,
    max_sockets_per_address: usize,
    max_sockets_per_room: usize,
    max_backlog: usize,
    #[serde(with = "humantime_serde")]
    ping: Duration,
    #[serde(with = "humantime_serde")]
    hello_timeout: Duration,
    #[serde(with = "humantime_serde")]
    session_ttl: Duration,
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            protocol: Protocol::Json,
            paths: Vec::new(),
            origins: Vec::new(),
            max_frame: 16 * 1024,
            rate: 5,
            burst: 20,
            address_rate: 50,
            room_rate: 50,
            max_sockets: 1_000,
            max_sockets_per_address: 100,
            max_sockets_per_room: 500,
            max_backlog: 256,
            ping: Duration::from_secs(15),
            hello_timeout: Duration::from_secs(10),
            session_ttl: Duration::from_hours(30 * 24),
        }
    }
}

impl WebSocketConfig {
    /// Returns the settings, and reports every value that cannot work.
    pub(super) fn check(self, errors: &mut SettingsErrors) -> (SocketSettings, Protocol) {
        let counts = [
            ("max_frame", self.max_frame),
            ("rate", self.rate as usize),
            ("burst", self.burst as usize),
            ("address_rate", self.address_rate as usize),
            ("room_rate", self.room_rate as usize),
            ("max_sockets", self.max_sockets),
            ("max_sockets_per_address", self.max_sockets_per_address),
            ("max_sockets_per_room", self.max_sockets_per_room),
            ("max_backlog", self.max_backlog),
        ];
        for (key, _) in counts.into_iter().filter(|(_, count)| *count == 0) {
            errors.add(key, "must be 1 or more; correct the value");
        }
        let times = [
            ("ping", self.ping),
            ("hello_timeout", self.hello_timeout),
            ("session_ttl", self.session_ttl),
        ];
        for (key, _) in times.into_iter().filter(|(_, time)| *time < Duration::from_secs(1)) {
            errors.add(key, "must be 1s or more; correct the value");
        }
        for path in self.paths.iter().filter(|path| !path.starts_with('/')) {
            errors.add("paths", format!("{path:?} is no path; begin it with a slash"));
        }
        for origin in self.origins.iter().filter(|origin| !is_origin(origin)) {
            let fix = "write scheme and host, such as \"https://example.com\", or \"*\"";
            errors.add("origins", format!("{origin:?} is no origin; {fix}"));
        }
        let settings = SocketSettings {
            paths: self.paths,
            origins: self.origins,
            max_frame: self.max_frame,
            rate: self.rate,
            burst: self.burst,
            address_rate: self.address_rate,
            room_rate: self.room_rate,
            max_sockets: self.max_sockets,
            max_sockets_per_address: self.max_sockets_per_address,
            max_sockets_per_room: self.max_sockets_per_room,
            max_backlog: self.max_backlog,
            ping: self.ping,
            hello_timeout: self.hello_timeout,
            session_ttl: self.session_ttl,
        };
        (settings, self.protocol)
    }
}

fn is_origin(text: &str) -> bool {
    text == "*" || url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}
