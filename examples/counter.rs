use std::time::Duration;

use crosswire::prelude::*;

/// Counts the messages of each sender.
async fn counter(cx: &mut Context, _: &Inbound) -> Result {
    let count = cx.state::<u64>().await?.unwrap_or(0) + 1;
    cx.set_state(&count, Duration::from_hours(24))?;
    cx.reply(format!("That was message {count}."));
    Ok(())
}

fn main() -> Result {
    App::from_env()?.handler("counter", counter).run()
}
