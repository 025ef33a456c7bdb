//! The banner of `crosswire dev`: addresses, the store, and missing settings.

use std::io::Write;
use std::net::SocketAddr;

use anstyle::{AnsiColor, Style};

use super::front;
use super::prepare::Prepared;
use crate::app::config::{Config, StoreConfig};
use crate::pages::PagesState;

const NAME: Style = AnsiColor::Green.on_default().bold();
const TITLE: Style = Style::new().bold();
const ADDRESS: Style = AnsiColor::Cyan.on_default().underline();
const FAINT: Style = Style::new().dimmed();
/// Width of the first column: the longest name, and a gap.
const WIDTH: usize = 12;

/// Prints the banner on standard output, in colour on a terminal that has colours.
pub(super) fn show(prepared: &Prepared, addresses: &[SocketAddr]) -> anyhow::Result<()> {
    let origin = origin(addresses);
    let mut out = anstream::stdout().lock();
    let (title, version) = (prepared.program.title(), prepared.program.version());
    writeln!(out, "\n  {NAME}{title}{NAME:#} {FAINT}{version}, development mode{FAINT:#}\n")?;
    row(&mut out, "Phones", &format!("{origin}/tester"), phones(prepared, addresses))?;
    let admin = format!("{origin}/admin");
    row(&mut out, "Operator", &admin, "what waits, what failed, and how to mend it")?;
    let services = &prepared.services;
    for (title, path, note) in pages(&front::pages(services)) {
        row(&mut out, title, &format!("{origin}{path}"), note)?;
    }
    paths(&mut out, "Webhooks", &origin, services.iter().map(front::webhook_paths))?;
    let socket_origin = origin.replacen("http", "ws", 1);
    paths(&mut out, "Sockets", &socket_origin, services.iter().map(front::socket_paths))?;
    writeln!(out, "  {TITLE}{:<WIDTH$}{TITLE:#}{}", "Store", store(&prepared.config))?;
    let missing = missing(prepared);
    if !missing.is_empty() {
        writeln!(out, "\n  {TITLE}Not configured yet{TITLE:#}")?;
        for (name, fix) in missing {
            writeln!(out, "  {name:<WIDTH$}{FAINT}{fix}{FAINT:#}")?;
        }
    }
    writeln!(
        out,
        "\n  {FAINT}Ctrl-C stops it after the work in hand; a second Ctrl-C stops it at once.{FAINT:#}\n"
    )?;
    Ok(())
}

fn row(out: &mut impl Write, title: &str, address: &str, note: &str) -> std::io::Result<()> {
    let title = format!("{title:<WIDTH$}");
    let gap = if note.is_empty() { "" } else { "  " };
    writeln!(
        out,
        "  {TITLE}{title}{TITLE:#}{ADDRESS}{address}{ADDRESS:#}{gap}{FAINT}{note}{FAINT:#}"
    )
}

/// Returns the origin under which a browser on this machine reaches the server.
fn origin(addresses: &[SocketAddr]) -> String {
    let here = |address: &&SocketAddr| address.ip().is_loopback() || address.ip().is_unspecified();
    match (addresses.iter().find(here), addresses.first()) {
        (Some(address), _) => format!("http://localhost:{}", address.port()),
        (None, Some(address)) => format!("http://{address}"),
        (None, None) => String::new(),
    }
}

fn phones(prepared: &Prepared, addresses: &[SocketAddr]) -> &'static str {
    let is_open_here_alone = addresses.iter().all(|address| address.ip().is_loopback());
    if is_open_here_alone || prepared.config.admin_token.is_some() {
        "several phones that chat with each other"
    } else {
        "for this machine; other machines need an ADMIN_TOKEN"
    }
}

/// Returns the pages whose topics there are, each with what it is for.
fn pages(topics: &PagesState) -> Vec<(&'static str, &'static str, &'static str)> {
    let pages = [
        (
            &topics.rooms,
            ("Rooms", "/room/new", "a room that closes by itself, and a link to share"),
        ),
        (&topics.devices, ("Devices", "/devices", "messages from device to device")),
        (&topics.roulette, ("Roulette", "/roulette", "a chat with a stranger")),
    ];
    pages.into_iter().filter_map(|(topic, row)| topic.as_ref().map(|_| row)).collect()
}

/// Prints a row for each topic that has such paths. The first row has the title.
fn paths(
    out: &mut impl Write,
    title: &str,
    origin: &str,
    topics: impl Iterator<Item = Vec<String>>,
) -> std::io::Result<()> {
    let mut title = title;
    for paths in topics {
        let Some((first, others)) = paths.split_first() else { continue };
        let also =
            if others.is_empty() { String::new() } else { format!("also {}", others.join(" ")) };
        row(out, title, &format!("{origin}{first}"), &also)?;
        title = "";
    }
    Ok(())
}

fn store(config: &Config) -> String {
    match &config.store {
        StoreConfig::Redis(_) => "Redis, at REDIS_URL".to_owned(),
        StoreConfig::Embedded { .. } => format!("SQLite, in {}/", config.data_dir.display()),
    }
}

/// Returns the missing settings that only real phones need, each with its fix.
fn missing(prepared: &Prepared) -> Vec<(&str, &str)> {
    let mut missing = Vec::new();
    for service in &prepared.services {
        for name in service.config.transports.iter().map(|transport| transport.name.as_str()) {
            let transport = service.transports.get(name);
            let found = transport.and_then(|it| it.missing()).map(|fix| (name, fix));
            missing.extend(found.filter(|found| !missing.contains(found)));
        }
    }
    if prepared.config.server.public_url.is_none() {
        missing.push((
            "PUBLIC_URL",
            "set it to the address that providers call; delivery reports need it",
        ));
    }
    missing
}
