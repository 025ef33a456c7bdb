//! Everything in one program: web, worker, check, events.

fn main() -> anyhow::Result<()> {
    crosswire::App::from_env()?.run()
}
