//! Figures: what processes record of themselves, report to the store, and show.

mod alarms;
mod exposition;
mod files;
mod probes;
mod recording;
mod reports;
mod scrapes;
mod status;
mod world;
