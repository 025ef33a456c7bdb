//! Handles messages and sends the answers.

use clap::Parser;
use crosswire::app::{App, Failure, WorkerOptions};

fn main() -> Result<(), Failure> {
    let options = WorkerOptions::parse();
    Ok(App::from_env()?.worker(&options)?)
}
