//! Messages that programs submit: their way through mailbox and outbox, on both stores.

mod batches;
mod house;
mod messages;
mod overload;
