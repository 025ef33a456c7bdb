//! Rooms' behaviour towards people on sockets and phones, on a topic in memory.

mod checks;
mod entrance;
mod interleavings;
mod moderation;
mod phones;
mod scenario;
mod sessions;
mod sockets;
mod stored;
mod timers;
