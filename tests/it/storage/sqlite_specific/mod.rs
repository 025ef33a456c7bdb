//! What can be asked of SQLite alone: its file, its disk, its two threads, and who asks and is gone.

mod audit;
mod concurrency;
mod disk;
mod file;
mod read_only;
mod restart;
mod time;
