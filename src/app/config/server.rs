//! Address, public URL, log level and connection limits of the server: profile and environment.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use url::Url;

use crate::contracts::settings::Section;
use crate::contracts::settings::{ConfigErrors, ENVIRONMENT, Environment, Purpose, did_you_mean};

/// Default port; pyrowire's, so that its users' tunnels still fit.
const DEFAULT_PORT: u16 = 62023;

/// Profiles that exist without a table of their own.
const PROFILES: [&str; 3] = ["dev", "staging", "prod"];

/// Default of `max_connections`. A connection whose request never ends holds up to 150 KB, so that
/// this many of them hold up to 150 MB.
const MAX_CONNECTIONS: usize = 1024;

/// Default share of the connections that one client address may hold: a quarter.
const ADDRESS_SHARE: usize = 4;

#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Name of the profile in use.
    pub profile: String,
    pub host: String,
    pub port: u16,
    /// Port on which a worker serves its metrics.
    pub metrics_port: Option<NonZeroU16>,
    /// Scheme, host and port under which providers call this server, without a trailing slash.
    pub public_url: Option<String>,
    /// Use of `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-For`. Only for a server that
    /// is reached through a proxy alone, which sets them.
    pub trust_forwarded: bool,
    /// Log filter in the syntax of `RUST_LOG`.
    pub log_filter: String,
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// Maximum number of open connections from one client address.
    pub max_connections_per_address: usize,
}

/// Reads the tables `profiles.<name>`, of which `ENV` selects one, and the variables that override
/// it.
pub(super) fn server(
    root: &mut Section<'_>,
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> ServerConfig {
    let (name, profile) = selected_profile(root, environment, purpose, errors);
    let default_host = if name == "dev" { "127.0.0.1" } else { "0.0.0.0" };
    let host = environment.get("HOST").map(str::to_owned).or(profile.host);
    let port = environment.parsed("PORT", "write a port: 0 to 65535", errors);
    let fix = "write a free port: 1 to 65535, or unset it";
    let metrics_port = environment.parsed("METRICS_PORT", fix, errors);
    let max_connections = profile.max_connections;
    // A trusted proxy is one address that stands for all clients.
    let share = if profile.trust_forwarded { 1 } else { ADDRESS_SHARE };
    let per_address = profile.max_connections_per_address;
    ServerConfig {
        host: host.unwrap_or_else(|| default_host.to_owned()),
        port: port.or(profile.port).unwrap_or(DEFAULT_PORT),
        metrics_port,
        public_url: public_url(environment, errors),
        trust_forwarded: profile.trust_forwarded,
        log_filter: log_filter(environment, profile.log_level, errors),
        max_connections,
        max_connections_per_address: per_address.unwrap_or(max_connections.div_ceil(share)),
        profile: name,
    }
}

struct Profile {
    host: Option<String>,
    port: Option<u16>,
    trust_forwarded: bool,
    log_level: Option<String>,
    max_connections: usize,
    max_connections_per_address: Option<usize>,
}

fn selected_profile(
    root: &mut Section<'_>,
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> (String, Profile) {
    let mut profiles: BTreeMap<String, Profile> = root
        .sections("profiles")
        .into_iter()
        .map(|(name, section)| (name, profile(section)))
        .collect();
    let default = if purpose == Purpose::Dev { "dev" } else { "prod" };
    let name = environment.get("ENV").unwrap_or(default).to_lowercase();
    let selected = profiles.remove(&name);
    if selected.is_none() && !PROFILES.contains(&name.as_str()) {
        let known = PROFILES.into_iter().chain(profiles.keys().map(String::as_str));
        let fix = did_you_mean(&name, known);
        errors.add(ENVIRONMENT, "ENV", format!("there is no profile {name:?}"), fix);
    }
    let empty = || profile(Section::new("", "", toml::Table::new(), errors));
    (name, selected.unwrap_or_else(empty))
}

fn profile(mut section: Section<'_>) -> Profile {
    let profile = Profile {
        host: section.get("host"),
        port: section.get("port"),
        trust_forwarded: section.get("trust_forwarded").unwrap_or(false),
        log_level: section.get("log_level"),
        max_connections: section.number("max_connections", MAX_CONNECTIONS, 16..=65_536),
        max_connections_per_address: section.get("max_connections_per_address"),
    };
    let levels = ["trace", "debug", "info", "warn", "error"];
    if let Some(level) = &profile.log_level
        && !levels.contains(&level.to_lowercase().as_str())
    {
        section.error("log_level", "no such level", did_you_mean(level, levels));
    }
    let per_address = profile.max_connections_per_address.unwrap_or(profile.max_connections);
    if !(1..=profile.max_connections).contains(&per_address) {
        let fix = "write 1 to max_connections";
        section.error("max_connections_per_address", "is out of range", fix);
    }
    section.finish();
    profile
}

fn log_filter(environment: &Environment, level: Option<String>, errors: &ConfigErrors) -> String {
    let Some(filter) = environment.get("RUST_LOG") else {
        let level = level.map_or_else(|| "info".to_owned(), |level| level.to_lowercase());
        // The start and stop of the web server's threads is of no interest to an operator.
        return format!("{level},actix_server=warn");
    };
    if tracing_subscriber::EnvFilter::try_new(filter).is_err() {
        errors.add(ENVIRONMENT, "RUST_LOG", "cannot be read", "write a level such as info");
    }
    filter.to_owned()
}

fn public_url(environment: &Environment, errors: &ConfigErrors) -> Option<String> {
    let origin = environment.get("PUBLIC_URL")?.trim_end_matches('/');
    let is_origin = Url::parse(origin).is_ok_and(|url| {
        // The path of a signed URL follows the origin directly.
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if !is_origin {
        let fix = "write scheme and host as the provider calls them: https://example.com";
        errors.add(ENVIRONMENT, "PUBLIC_URL", "is not the address of a server", fix);
    }
    Some(origin.to_owned())
}
