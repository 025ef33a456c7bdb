//! Figures: what processes record of themselves, report to the store, and show.

mod exposition;
mod recording;
mod reports;
mod world;
