//! Processes of a deployment: what each one records of itself, its reports in the store, and what all of
//! them together show.

mod identity;
pub mod levels;
mod reader;
mod recorder;
mod reporter;
pub mod samples;
mod totals;
mod zeros;

pub use identity::ProcessIdentity;
pub use reader::{ProcessState, reports};
pub use recorder::Recorder;
pub use reporter::Reporter;
pub use totals::Totals;
