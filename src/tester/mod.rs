//! The tester: phones in a browser or in a script, whose messages take the way of every message.

mod board;
mod call;
mod fault;
mod number;
pub mod pages;
pub mod phones;
mod record;
pub mod script;
mod transport;

pub use board::Board;
pub use call::{Answer, Call, Delivery};
pub use fault::{Injected, Trouble, in_force};
pub use number::{NOT_A_NUMBER, number};
pub use record::{Record, Said, State, standing};
pub use transport::{NAME, Tester, attach};
