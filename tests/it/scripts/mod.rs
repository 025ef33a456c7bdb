//! Scripts: those of `tests/scripts` on both stores, the parser, the runner and the export.

mod aged;
mod cli;
mod engine;
mod export;
mod grammar;
mod handlers;
mod library;
mod sockets;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::topic::TopicName;
use crosswire::tester::script::{Failures, Script, ScriptHarness};

use self::aged::{AgedRedis, ageing};
use crate::support::redis::RedisServer;

const TOPICS: &str = include_str!("../../scripts/topics.toml");

/// Builds the topics of a configuration with the handlers of a registry.
fn services_of(registry: &Registry, toml: &str) -> Vec<TopicRuntime> {
    let (environment, errors) = (Environment::default(), ConfigErrors::default());
    let draft = DraftConfig::read("topics.toml", toml, &environment, Purpose::Dev, &errors);
    let services = registry.assemble(&draft, &environment, &errors);
    errors.into_result().unwrap();
    services
}

fn services() -> Vec<TopicRuntime> {
    services_of(&Registry::shipped(), TOPICS)
}

fn names(services: &[TopicRuntime]) -> Vec<TopicName> {
    services.iter().map(|service| service.config.name.clone()).collect()
}

/// Runs a script on the embedded store.
pub(crate) async fn run_on(services: &[TopicRuntime], script: &str) -> Result<(), Failures> {
    let script = Script::parse("a", script, &names(services))?;
    let mut harness = ScriptHarness::embedded(services).await.unwrap();
    script.run(&mut harness, None, false).await
}

/// Runs a script with the topics of `tests/scripts`.
async fn run(script: &str) -> Result<(), Failures> {
    run_on(&services(), script).await
}

/// Runs a script on a Redis that holds nothing else.
pub(crate) async fn run_on_redis(
    server: &RedisServer,
    services: &[TopicRuntime],
    script: &str,
) -> Result<(), Failures> {
    server.tell::<()>(&["FLUSHALL"]).await;
    let script = Script::parse("a", script, &names(services))?;
    let clock = ScriptHarness::clock();
    let store = Arc::new(AgedRedis::new(server, Arc::clone(&clock)).await);
    let harness = ScriptHarness::new(services, store, clock).await.unwrap();
    script.run(&mut harness.on_advance(ageing(server).await), None, false).await
}

/// Every script of `tests/scripts`, with its file name.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut scripts: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "script"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    scripts.sort();
    assert!(scripts.len() > 10, "the scripts are where they are looked for");
    scripts
}

#[tokio::test]
async fn every_script_passes_on_the_embedded_store() {
    let services = services();
    for (name, script) in scripts() {
        assert_eq!(run_on(&services, &script).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn every_script_passes_on_redis() {
    let (server, services) = (RedisServer::volatile(), services());
    for (name, script) in scripts() {
        assert_eq!(run_on_redis(&server, &services, &script).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn examples_of_the_documentation_pass() {
    let page = include_str!("../../../docs/scripts.md");
    let blocks = page.split("```text\n").skip(1).map(|block| block.split("```").next().unwrap());
    let is_script = |block: &&str| block.contains(" > connect") || block.contains("ws:ann >");
    let scripts: Vec<&str> = blocks.filter(is_script).collect();
    assert_eq!(scripts.len(), 3);
    for script in scripts {
        assert_eq!(run(script).await, Ok(()), "{script}");
    }
}

/// Guards against scripts that would pass whatever the phones receive.
#[tokio::test]
async fn every_script_fails_with_a_changed_expectation() {
    let services = services();
    for (name, script) in scripts() {
        let lines: Vec<&str> = script.lines().collect();
        let expects = |line: &&str| line.split_whitespace().nth(1) == Some("<");
        // Three of the expectations, to save time: the first, a middle one, the last.
        let all: Vec<usize> = (0..lines.len()).filter(|&at| expects(&lines[at])).collect();
        for at in [all[0], all[all.len() / 2], all[all.len() - 1]] {
            let number = lines[at].split_whitespace().next().unwrap();
            let wrong = format!("{number} < A text that is never sent.");
            let altered = [&lines[..at], &[wrong.as_str()], &lines[at + 1..]].concat().join("\n");
            assert!(run_on(&services, &altered).await.is_err(), "{name}:{}", at + 1);
        }
    }
}
