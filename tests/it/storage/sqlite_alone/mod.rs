//! What can be asked of SQLite alone: its file, its disk, its two threads, and who asks and is gone.

mod callers;
mod disk;
mod file;
mod hands;
mod lookers;
mod restart;
mod time;
