//! Every command in one program: dev, standalone, web, worker, check, events, script and so on.

use crosswire::app::{App, Failure};

/// Allocator of the static releases.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Failure> {
    Ok(App::from_env()?.run()?)
}
