//! Chaos: the real processes under load and faults, and a checker of what came of every text.
//!
//! `cargo test --test chaos -- --seconds 60 --seed 7 kill-worker flood` runs two scenarios for a minute
//! each; without names all are run. It prints a table, and ends with an error when a text was lost,
//! doubled, out of order or sent to somebody else. docs/guarantees.md explains the table.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints its table")]
#![expect(clippy::unwrap_used, reason = "a run that cannot go on has failed")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod checker;
mod faults;
mod flood;
mod nemesis;
mod people;
mod provider;
mod report;
mod run;
mod scenario;
#[expect(dead_code, unused_imports, reason = "the tests need more of it")]
#[path = "../it/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::Parser;

use crate::report::{HEAD, Row, line};
use crate::scenario::Scenario;

/// Applies faults to the real processes under load, and checks what came of every text.
#[derive(Parser)]
#[command(name = "cargo test --test chaos --")]
struct Arguments {
    /// Scenarios to run [default: all]
    scenarios: Vec<String>,
    /// Seconds of load in each scenario
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Beginning of the random numbers; a seed repeats the faults and the load
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs of every scenario, each with the next seed
    #[arg(long, default_value_t = 1)]
    rounds: u64,
    /// Lists the scenarios
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scenarios = match chosen(&arguments.scenarios) {
        Ok(scenarios) => scenarios,
        Err(unknown) => {
            eprintln!("no scenario is called {unknown}; --list names all");
            return ExitCode::from(2);
        }
    };
    if arguments.list {
        for scenario in &scenarios {
            println!("{:<18} {}", scenario.name, scenario.about);
        }
        return ExitCode::SUCCESS;
    }
    println!("{}\n{}", line(&HEAD), line(&HEAD.map(|_| "-")));
    let mut is_clean = true;
    for seed in arguments.seed..arguments.seed + arguments.rounds {
        for scenario in &scenarios {
            is_clean &= show(scenario, seed, Duration::from_secs(arguments.seconds));
        }
    }
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the scenarios with these names, or the first unknown name.
fn chosen(names: &[String]) -> Result<Vec<Scenario>, String> {
    let all = Scenario::all();
    if names.is_empty() {
        return Ok(all);
    }
    let scenario =
        |name: &String| all.iter().find(|it| it.name == name).cloned().ok_or(name.clone());
    names.iter().map(scenario).collect()
}

/// Runs a scenario, prints its row, and returns whether nothing is wrong.
fn show(scenario: &Scenario, seed: u64, time: Duration) -> bool {
    let (sender, rows) = mpsc::channel();
    let own = scenario.clone();
    // A thread of its own: a run that cannot go on ends with a panic, after its row when there is one.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(run::run(&own, seed, time, &sender));
    });
    let ended = thread.join();
    let row: Option<Row> = rows.try_iter().next();
    if let Some(row) = &row {
        println!("{}", line(&row.cells()));
        for note in row.notes() {
            eprintln!("  {note}");
        }
        if let Some(logs) = &row.logs {
            keep(scenario, seed, logs);
        }
    }
    if ended.is_err() {
        eprintln!("  {} with seed {seed} ended with the panic above", scenario.name);
    }
    ended.is_ok() && row.is_some_and(|row| row.is_clean())
}

/// Keeps the logs of a run with faults.
fn keep(scenario: &Scenario, seed: u64, logs: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("chaos-{}-{seed}.log", scenario.name));
    std::fs::write(&path, logs).unwrap();
    eprintln!("  logs: {}", path.display());
}
