//! A script is parsed, or each failure names a line of it.

#![no_main]

use std::sync::LazyLock;

use crosswire::model::topic::TopicName;
use crosswire::tester::script::Script;
use libfuzzer_sys::fuzz_target;

static TOPICS: LazyLock<Vec<TopicName>> = LazyLock::new(|| {
    ["roulette", "rooms"].map(|name| name.parse().expect("a name of a topic")).into()
});

fuzz_target!(|text: &str| {
    if let Err(failures) = Script::parse("fuzz", text, &TOPICS) {
        let lines = text.lines().count().max(1);
        assert!(failures.0.iter().all(|failure| (1..=lines).contains(&failure.line)));
    }
});
