//! Every command in one program: dev, standalone, web, worker, check, events, script.

use crosswire::app::{App, Failure};

fn main() -> Result<(), Failure> {
    Ok(App::from_env()?.run()?)
}
