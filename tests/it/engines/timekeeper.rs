//! Timekeeper: differences between clocks, and steps of the store's clock, as figures.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use crosswire::contracts::figures::catalogue::{CLOCK_AHEAD, CLOCK_STEPS, Figure};
use crosswire::contracts::figures::{Figures, Value};
use crosswire::contracts::storage::{Partition, Storage};
use crosswire::contracts::transport::DynTransport;
use crosswire::engine::timekeeper::{STORE, Timekeeper};
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::stores::sqlite::Sqlite;

use super::fakes::{FakeTransport, clock, topic_name};

fn value(figures: &Figures, figure: &Figure, label: &str) -> Option<Value> {
    let mut series = figures.snapshot().into_iter();
    series.find(|it| it.name == figure.name && it.labels == [label]).map(|it| it.value)
}

#[tokio::test]
async fn differences_and_steps_of_clocks_are_figures() {
    let stores = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
    let of_store: Arc<dyn Clock> = stores.clone();
    let storage: Arc<dyn Storage> = Arc::new(Sqlite::in_memory(&of_store).unwrap());
    let behind =
        FakeTransport { clock_ahead: Some(TimeDelta::seconds(-90)), ..FakeTransport::default() };
    let transports = vec![("twilio".to_owned(), Arc::new(behind) as Arc<dyn DynTransport>)];
    let partitions = [0, 1].map(|number| Partition { topic: topic_name(), number }).to_vec();
    let figures = Arc::new(Figures::default());
    let keeper = Timekeeper::new(storage, clock(), Arc::clone(&figures), partitions, transports);
    keeper.step().await.unwrap();
    assert_eq!(value(&figures, &CLOCK_AHEAD, STORE), Some(Value::Level(0.0)));
    assert_eq!(value(&figures, &CLOCK_AHEAD, "twilio"), Some(Value::Level(-90.0)));
    for (seconds, ahead, direction) in [(3_600, 3_600.0, "forward"), (-3_660, -60.0, "back")] {
        stores.step(TimeDelta::seconds(seconds));
        keeper.step().await.unwrap();
        keeper.step().await.unwrap();
        assert_eq!(value(&figures, &CLOCK_AHEAD, STORE), Some(Value::Level(ahead)));
        assert_eq!(value(&figures, &CLOCK_STEPS, direction), Some(Value::Count(1)), "{direction}");
    }
}
