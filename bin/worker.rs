//! Handles messages and sends the answers.

use clap::Parser;
use crosswire::app::{App, WorkerOptions};

fn main() -> anyhow::Result<()> {
    let options = WorkerOptions::parse();
    App::from_env()?.worker(&options)
}
