//! Scrapes of a deployment: what the store and the reports of other processes make of it.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::figures::catalogue::{CALLS, IN_HAND, PAUSED};
use crosswire::contracts::figures::{LOST_AFTER, Series, Value};
use crosswire::contracts::storage::{Pause, PauseScope};
use crosswire::engine::processes::Reporter;
use crosswire::engine::scrape::{Scraper, Source};
use crosswire::model::address::Identity;

use super::world::World;

async fn scrape(world: &World, own: &Arc<Reporter>) -> Arc<Vec<Source>> {
    Scraper::of_deployment(Arc::clone(own), world.operations(), Vec::new()).scrape().await
}

#[tokio::test]
async fn pauses_of_lines_that_look_the_same_are_one_series() {
    let world = World::new();
    for line in ["+15005550006", "+15005551106"] {
        let line = Some(Identity::new(line));
        let scope = PauseScope { transport: "phones".to_owned(), line, by_operator: false };
        let (remaining, reason) = (Duration::from_hours(1), String::new());
        let pause = Pause { scope, remaining, code: 21, reason };
        world.storage.pause(&world.topic.config.name, &pause).await.unwrap();
    }
    let sources = scrape(&world, &world.reporter("web")).await;
    let all = sources.iter().flat_map(|source| &source.series);
    let paused: Vec<&Series> = all.filter(|series| series.name == PAUSED.name).collect();
    let [series] = paused.as_slice() else { panic!("one series: {paused:?}") };
    assert_eq!(series.value, Value::Level(2.0));
}

#[tokio::test]
async fn lost_process_shows_its_counts_and_none_of_its_levels() {
    let world = World::new();
    let (web, worker) = (world.reporter("web"), world.reporter("standalone"));
    worker.step(false).await.unwrap();
    let names = |sources: &[Source]| -> Vec<String> {
        let is_workers =
            |it: &&Source| it.process.as_ref().is_some_and(|(id, _)| *id == worker.identity.id);
        let series = sources.iter().filter(is_workers).flat_map(|source| &source.series);
        series.map(|series| series.name.clone()).collect()
    };
    let runs = names(&scrape(&world, &web).await);
    for figure in [&CALLS, &IN_HAND] {
        assert!(runs.iter().any(|it| it == figure.name), "{runs:?}");
    }
    world.clock.advance(LOST_AFTER + Duration::from_secs(1));
    let lost = names(&scrape(&world, &web).await);
    assert!(lost.iter().any(|it| it == CALLS.name), "{lost:?}");
    assert!(lost.iter().all(|it| it != IN_HAND.name), "{lost:?}");
}
