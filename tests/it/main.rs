//! Everything that needs more than one module, a real Redis, or the real processes.

mod transports;
