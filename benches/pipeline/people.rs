//! People: a text between two people, when a thousand are known and when a million are.

use crate::copies::Copies;
use crate::cost::Cost;
use crate::meter::{data_size, settled};
use crate::report::{line, micros, per_second, title};
use crate::stack::{Stack, Store};

/// People who text.
const KNOWN: usize = 1_000;
const ROUNDS: usize = 5;
/// Texts of a round.
const TEXTS: usize = 10_000;

pub(crate) async fn measure(store: Store, people: usize) {
    title(&format!("people: {KNOWN} known, and {people} known, on {}", store.name()));
    let mut few = Stack::start(store).await;
    let load = few.load();
    few.pair(&load, 0..KNOWN).await;
    Cost::of_texts(&few, &load, 2 * KNOWN, KNOWN).await;
    few.stop(None);
    let mut many = Stack::prepare(store).await;
    let before = data_size(&many).await;
    let copies = Copies::of(&few).await;
    copies.store(&many, people.div_ceil(KNOWN)).await;
    settled(&many).await;
    let bytes = (data_size(&many).await - before) / people as f64;
    few.run_all().await;
    many.run_all().await;
    // Texts of a load that went to one of them are known to the other.
    let other = load.elsewhere(many.port);
    let (mut with_few, mut with_many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        with_few.push(Cost::of_texts(&few, &load, TEXTS, KNOWN).await);
        with_many.push(Cost::of_texts(&many, &other, TEXTS, KNOWN).await);
    }
    let (few, many) = (Cost::median(&with_few), Cost::median(&with_many));
    let of = |value: f64, reference: f64| format!("{:.2} x", value / reference);
    line("data of each person", &format!("{bytes:.0} bytes"), &copies.per_person(KNOWN));
    let all = |cost: &Cost| micros(cost.all());
    line(&format!("CPU of a text, {KNOWN} known"), &all(&few), &per_second(few.rate));
    let beside = format!("{}, {}", per_second(many.rate), of(many.all(), few.all()));
    line(&format!("CPU of a text, {people} known"), &all(&many), &beside);
    for (name, cpu) in &many.processes {
        line(&format!("  of it {name}"), &micros(*cpu), &of(*cpu, few.of(name)));
    }
}
