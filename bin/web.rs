//! The web process: accepts webhooks.

use clap::Parser;
use crosswire::app::{App, Failure, WebOptions};
use mimalloc::MiMalloc;

/// Allocator of the process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), Failure> {
    let options = WebOptions::parse();
    Ok(App::from_env()?.web(&options)?)
}
