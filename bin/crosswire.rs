//! Everything in one program: web, worker, check, events.

use crosswire::app::{App, Failure};

fn main() -> Result<(), Failure> {
    Ok(App::from_env()?.run()?)
}
