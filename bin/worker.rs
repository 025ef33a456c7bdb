//! The worker process: handles messages and sends the replies.

use clap::Parser;
use crosswire::app::{App, Failure, WorkerOptions};
use mimalloc::MiMalloc;

/// Allocator of the process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), Failure> {
    let options = WorkerOptions::parse();
    Ok(App::from_env()?.worker(&options)?)
}
