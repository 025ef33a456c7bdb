//! Scripts: those of `tests/scripts` on both stores, and what plays them.

mod aged;
mod cli;
mod engine;
mod export;
mod grammar;
mod handlers;
mod library;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::topic::TopicName;
use crosswire::tester::script::{Failures, Script, Stage};

use self::aged::{Aged, ageing};
use crate::support::redis::RedisServer;

const TOPICS: &str = include_str!("../../scripts/topics.toml");

/// The topics of a file, with handlers of one's own.
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

/// Plays a script on the embedded store.
async fn play_on(services: &[TopicRuntime], script: &str) -> Result<(), Failures> {
    let script = Script::parse("a", script, &names(services))?;
    let mut stage = Stage::embedded(services).await.unwrap();
    script.play(&mut stage, None, false).await
}

/// The same with the topics that are here.
async fn play(script: &str) -> Result<(), Failures> {
    play_on(&services(), script).await
}

/// Plays a script on a Redis that holds nothing else.
async fn play_on_redis(
    server: &RedisServer,
    services: &[TopicRuntime],
    script: &str,
) -> Result<(), Failures> {
    server.tell::<()>(&["FLUSHALL"]).await;
    let script = Script::parse("a", script, &names(services))?;
    let clock = Stage::clock();
    let store = Arc::new(Aged::new(server, Arc::clone(&clock)).await);
    let stage = Stage::new(services, store, clock).await.unwrap();
    script.play(&mut stage.on_advance(ageing(server).await), None, false).await
}

/// Every script there is, by the name of its file.
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
async fn every_script_holds_on_the_embedded_store() {
    let services = services();
    for (name, script) in scripts() {
        assert_eq!(play_on(&services, &script).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn every_script_holds_on_redis() {
    let (server, services) = (RedisServer::volatile(), services());
    for (name, script) in scripts() {
        assert_eq!(play_on_redis(&server, &services, &script).await, Ok(()), "{name}");
    }
}

/// A script whose expectations could be left out would find nothing.
#[tokio::test]
async fn no_script_holds_when_one_of_its_expectations_is_another() {
    let services = services();
    for (name, script) in scripts() {
        let lines: Vec<&str> = script.lines().collect();
        let expects = |line: &&str| line.split_whitespace().nth(1) == Some("<");
        // The first, one in the middle and the last stand for all.
        let all: Vec<usize> = (0..lines.len()).filter(|&at| expects(&lines[at])).collect();
        for at in [all[0], all[all.len() / 2], all[all.len() - 1]] {
            let number = lines[at].split_whitespace().next().unwrap();
            let wrong = format!("{number} < What nobody ever says.");
            let altered = [&lines[..at], &[wrong.as_str()], &lines[at + 1..]].concat().join("\n");
            assert!(play_on(&services, &altered).await.is_err(), "{name}:{}", at + 1);
        }
    }
}
