//! Where the server listens and what it is called by: the profile of the file, and the environment.

use std::collections::BTreeMap;

use url::Url;

use crate::contracts::settings::Section;
use crate::contracts::settings::{ConfigErrors, ENVIRONMENT, Environment, Purpose, did_you_mean};

/// What pyrowire listened on, so that its users' tunnels still fit.
const DEFAULT_PORT: u16 = 62023;

/// The profiles that need no table of their own.
const PROFILES: [&str; 3] = ["dev", "staging", "prod"];

#[derive(Clone, Debug)]
pub struct Server {
    /// Which profile was chosen.
    pub profile: String,
    pub host: String,
    pub port: u16,
    /// Scheme, host and port as providers see us, without a trailing slash.
    pub public_url: Option<String>,
    /// Believe `X-Forwarded-Proto` and `X-Forwarded-Host`. Only for a server that nobody can reach
    /// but through a proxy that sets them.
    pub trust_forwarded: bool,
    /// As `RUST_LOG` writes it.
    pub log_filter: String,
}

/// The tables `profiles.<name>`, of which `ENV` chooses one.
pub(super) fn server(
    root: &mut Section<'_>,
    environment: &Environment,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> Server {
    let mut profiles: BTreeMap<String, Profile> = PROFILES
        .into_iter()
        .map(|name| (name.to_owned(), Profile::default()))
        .chain(
            root.sections("profiles").into_iter().map(|(name, section)| (name, profile(section))),
        )
        .collect();
    let usual = if purpose == Purpose::Dev { "dev" } else { "prod" };
    let name = environment.get("ENV").unwrap_or(usual).to_lowercase();
    let chosen = profiles.remove(&name).unwrap_or_else(|| {
        let fix = did_you_mean(&name, profiles.keys().map(String::as_str));
        errors.add(ENVIRONMENT, "ENV", format!("there is no profile {name:?}"), fix);
        Profile::default()
    });
    let everywhere = if name == "dev" { "127.0.0.1" } else { "0.0.0.0" };
    let host = environment.get("HOST").map(str::to_owned).or(chosen.host);
    let port = environment.parsed("PORT", "write a port: 0 to 65535", errors);
    Server {
        host: host.unwrap_or_else(|| everywhere.to_owned()),
        port: port.or(chosen.port).unwrap_or(DEFAULT_PORT),
        public_url: public_url(environment, errors),
        trust_forwarded: chosen.trust_forwarded,
        log_filter: log_filter(environment, chosen.log_level, errors),
        profile: name,
    }
}

#[derive(Default)]
struct Profile {
    host: Option<String>,
    port: Option<u16>,
    trust_forwarded: bool,
    log_level: Option<String>,
}

fn profile(mut section: Section<'_>) -> Profile {
    let profile = Profile {
        host: section.get("host"),
        port: section.get("port"),
        trust_forwarded: section.get("trust_forwarded").unwrap_or(false),
        log_level: section.get("log_level"),
    };
    let levels = ["trace", "debug", "info", "warn", "error"];
    if let Some(level) = &profile.log_level
        && !levels.contains(&level.to_lowercase().as_str())
    {
        section.error("log_level", "no such level", did_you_mean(level, levels));
    }
    section.finish();
    profile
}

fn log_filter(environment: &Environment, level: Option<String>, errors: &ConfigErrors) -> String {
    let Some(filter) = environment.get("RUST_LOG") else {
        let level = level.map_or_else(|| "info".to_owned(), |level| level.to_lowercase());
        // How the web server's own threads come and go is nobody's news.
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
        // Longer than scheme, host and port, it would stand before every path in a signed URL.
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
