//! Tests of SQLite only: its file, disk and threads, restarts, and cancelled calls.

mod audit;
mod concurrency;
mod disk;
mod file;
mod read_only;
mod restart;
mod time;
