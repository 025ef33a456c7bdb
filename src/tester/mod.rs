//! The tester: simulated phones in a browser page or in a script. Their messages take the same way
//! through intake, handlers and outbox as those of a real provider.

mod board;
mod departure;
mod entry;
mod fault;
mod number;
pub mod pages;
pub mod phones;
mod request;
pub mod script;
mod transport;

pub use board::Board;
pub use departure::Departure;
pub use entry::{BoardEntry, DeliveryState, PhoneMessage, uncleared};
pub use fault::{Fault, InjectedFault, active_faults};
pub use number::{INVALID_NUMBER, phone_number};
pub use request::{DeliveryOutcome, TesterReply, TesterRequest};
pub use transport::{TRANSPORT_NAME, TesterTransport, attach};
