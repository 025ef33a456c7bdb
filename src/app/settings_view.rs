//! Configuration as it runs, for the operator's page. Of secrets it says only whether they are set.

use std::fmt::Debug;
use std::time::Duration;

use super::prepare::Prepared;
use crate::admin::{ConfigRow, ConfigSection};
use crate::app::config::{Config, StoreConfig};
use crate::engine::topic::TopicRuntime;
use crate::model::topic::{Limits, LineRate, Sending, TopicConfig};

/// Returns the configuration by its parts.
pub(super) fn sections(prepared: &Prepared) -> Vec<ConfigSection> {
    let mut sections = vec![server(&prepared.config), secrets(&prepared.config)];
    sections.extend(prepared.services.iter().map(topic));
    sections
}

fn server(config: &Config) -> ConfigSection {
    let server = &config.server;
    let (store, replicas) = match &config.store {
        StoreConfig::Redis(redis) => ("redis", redis.wait_replicas),
        StoreConfig::Embedded { .. } => ("embedded", 0),
    };
    let public_url = server.public_url.as_deref().unwrap_or("not set");
    section(
        "server",
        [
            row("profile", &server.profile, false),
            row("host", &server.host, false),
            row("port", server.port, server.port == 62023),
            row("public_url", public_url, server.public_url.is_none()),
            row("trust_forwarded", server.trust_forwarded, !server.trust_forwarded),
            row("log_filter", &server.log_filter, false),
            row("max_connections", server.max_connections, server.max_connections == 1024),
            row("max_connections_per_address", server.max_connections_per_address, false),
            row("store", store, false),
            row("data_dir", config.data_dir.display(), config.data_dir.as_os_str() == "data"),
            row("redis_wait_replicas", replicas, replicas == 0),
        ],
    )
}

fn secrets(config: &Config) -> ConfigSection {
    let set = |key: &str, is_set: bool| row(key, if is_set { "set" } else { "not set" }, !is_set);
    section(
        "secrets",
        [
            set("SECRET_KEY", config.secret_key.is_some()),
            set("ADMIN_TOKEN", config.admin_token.is_some()),
            set("ADMIN_READ_TOKEN", config.admin_read_token.is_some()),
            row("api.tokens", config.api_tokens.len(), config.api_tokens.is_empty()),
        ],
    )
}

fn topic(service: &TopicRuntime) -> ConfigSection {
    let TopicConfig { handler, transports, validators, paths, limits, sending, jobs, .. } =
        &service.config;
    let names = |names: Vec<&str>| names.join(", ");
    let transports = names(transports.iter().map(|it| it.name.as_str()).collect());
    let checks = names(validators.iter().map(|it| it.name.as_str()).collect());
    let rows = [
        row("handler", handler, false),
        row("transports", transports, false),
        row("paths", paths.join(", "), paths.is_empty()),
        row("validators", checks, validators.is_empty()),
        row("jobs", jobs.len(), jobs.is_empty()),
    ];
    let rows = rows.into_iter().chain(of_limits(limits)).chain(of_sending(sending));
    ConfigSection { name: format!("topic {}", service.config.name), rows: rows.collect() }
}

fn of_limits(limits: &Limits) -> Vec<ConfigRow> {
    let seconds = |key: &str, time: Duration, usual: u64| {
        row(key, shown(time), time == Duration::from_secs(usual))
    };
    vec![
        row("partitions", limits.partitions, limits.partitions == 1),
        row("concurrency", limits.concurrency, limits.concurrency == 16),
        row("max_attempts", limits.max_attempts, limits.max_attempts == 5),
        row("max_depth", limits.max_depth, limits.max_depth == 100_000),
        seconds("max_backlog_age", limits.max_backlog_age, 3600),
        row("max_group_depth", limits.max_group_depth, limits.max_group_depth == 200),
        row("max_recipient_depth", limits.max_recipient_depth, limits.max_recipient_depth == 50),
        row("sender_rate", limits.senders.rate, !limits.senders.are_explicit),
        row("sender_burst", limits.senders.burst, !limits.senders.are_explicit),
        seconds("lease", limits.lease, 10),
        seconds("handler_timeout", limits.handler_timeout, 5),
        seconds("retention", limits.retention, 7 * 86_400),
        row("max_records", limits.max_records, limits.max_records == 100_000),
    ]
}

fn of_sending(sending: &Sending) -> Vec<ConfigRow> {
    let usual = Sending::default();
    let rate = match sending.rate {
        LineRate::Auto => "auto".to_owned(),
        LineRate::Unlimited => "unlimited".to_owned(),
        LineRate::Every(time) => format!("a segment in {}", shown(time)),
    };
    let budget = sending.budgets.all().find(|(scope, _)| scope.is_empty());
    let budget = budget.map_or_else(|| "none".to_owned(), |(_, limit)| limit.to_string());
    let ambiguous = format!("{:?}", sending.on_ambiguous).to_lowercase();
    vec![
        same("sending.concurrency", &sending.concurrency, &usual.concurrency),
        same("sending.max_attempts", &sending.max_attempts, &usual.max_attempts),
        row("sending.rate", rate, sending.rate == usual.rate),
        row("sending.daily_segments", &budget, budget == "none"),
        same("sending.repeats", &sending.repeats, &usual.repeats),
        row("sending.lease", shown(sending.lease), sending.lease == usual.lease),
        row("sending.timeout", shown(sending.timeout), sending.timeout == usual.timeout),
        row("sending.gap", shown(sending.gap), sending.gap == usual.gap),
        row("sending.on_ambiguous", ambiguous, sending.on_ambiguous == usual.on_ambiguous),
    ]
}

fn same<T: Debug + PartialEq>(key: &str, value: &T, usual: &T) -> ConfigRow {
    row(key, format!("{value:?}"), value == usual)
}

#[expect(clippy::needless_pass_by_value, reason = "values are numbers, texts and names of files")]
fn row(key: &str, value: impl ToString, default: bool) -> ConfigRow {
    ConfigRow { key: key.to_owned(), value: value.to_string(), default }
}

fn section<const N: usize>(name: &str, rows: [ConfigRow; N]) -> ConfigSection {
    ConfigSection { name: name.to_owned(), rows: rows.into() }
}

fn shown(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}
