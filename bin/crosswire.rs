//! Every command in one program: dev, standalone, web, worker, check, events, script and so on.

use crosswire::app::{App, Failure};
use mimalloc::MiMalloc;

/// Allocator of the process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), Failure> {
    Ok(App::from_env()?.run()?)
}
