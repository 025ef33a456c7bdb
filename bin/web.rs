//! The web process: accepts webhooks.

use clap::Parser;
use crosswire::app::{App, Failure, WebOptions};

fn main() -> Result<(), Failure> {
    let options = WebOptions::parse();
    Ok(App::from_env()?.web(&options)?)
}
