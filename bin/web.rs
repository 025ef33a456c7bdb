//! Takes messages in.

use clap::Parser;
use crosswire::app::{App, WebOptions};

fn main() -> anyhow::Result<()> {
    let options = WebOptions::parse();
    App::from_env()?.web(&options)
}
