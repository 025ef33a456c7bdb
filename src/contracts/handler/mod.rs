//! The contract of a handler, and the transaction that it works in.

use std::future::{Future, ready};

use crate::model::command::Command;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};
use crate::model::table::Table;

mod app;
mod consent;
mod context;
mod dialogue;
mod effects;
mod error;
mod function;
mod job;
mod people;
mod presence;
mod run;
mod sockets;
mod submission;
mod transaction;
mod verdict;

pub use app::{Filter, RouterApp};
#[doc(hidden)]
pub use app::{Phased, Phases};
#[doc(hidden)]
pub use consent::{consent, opt_out};
pub use context::Context;
pub use dialogue::{Dialogue, InDialogue, Turn};
#[doc(hidden)]
pub use effects::{
    BARRED, Effects, FORGOTTEN, HandledObserver, Invocation, LIFTED, Note, Origin, REPORTED,
    ScheduledWake, State, UNDELIVERABLE,
};
pub use effects::{OutgoingMessage, Removal};
pub use error::{Postpone, Refuse, Result};
#[doc(hidden)]
pub use function::HandlerFn;
#[doc(hidden)]
pub use job::{HORIZON, JobHandler, job_key, next_due, occurrence};
#[doc(hidden)]
pub use presence::process_end;
#[doc(hidden)]
pub use run::{Call, DynHandler};
#[doc(hidden)]
pub use submission::stored as stored_submission;
pub use transaction::Transaction;
#[doc(hidden)]
pub use verdict::Verdict;

/// The logic of a topic.
///
/// Messages of one sender arrive in order, one at a time. A handler may run again for the same
/// message after a crash or a conflict; nothing that an earlier run wrote or sent has happened then.
///
/// Methods are written as `async fn`. An `async fn(&mut Context, &Inbound) -> Result` is a handler
/// too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "implement `Handler` for it, or pass an `async fn(&mut Context, &Inbound) -> Result`",
    note = "the future of the function must be `Send`"
)]
pub trait Handler: Send + Sync {
    /// Handles one message. `?` on any error means that it is tried again later; [`Refuse`] ends it
    /// with an answer to the sender.
    fn handle(&self, cx: &mut Context, message: &Inbound) -> impl Future<Output = Result> + Send;

    /// Handles a wake that a commit scheduled with [`Transaction::wake`], or a job of the topic. Ignores it
    /// by default.
    ///
    /// A wake has no sender to reply to:
    ///
    /// ```compile_fail,E0599
    /// # use crosswire::prelude::*;
    /// # struct Reminder;
    /// # impl Handler for Reminder {
    /// #     async fn handle(&self, _: &mut Context, _: &Inbound) -> Result { Ok(()) }
    /// async fn wake(&self, tx: &mut Transaction, _: &Wake) -> Result {
    ///     tx.reply("Time is up.");
    ///     Ok(())
    /// }
    /// # }
    /// ```
    fn wake(&self, tx: &mut Transaction, wake: &Wake) -> impl Future<Output = Result> + Send {
        let _ = (tx, wake);
        ready(Ok(()))
    }

    /// Handles an opt-out: the provider reported one, or the whole message is a word such as STOP.
    /// Sends nothing by default, since the provider answers and blocks further texts.
    fn opted_out(
        &self,
        cx: &mut Context,
        message: &Inbound,
    ) -> impl Future<Output = Result> + Send {
        let _ = (cx, message);
        ready(Ok(()))
    }

    /// Handles an opt-in that the provider reported and answered. Sends nothing by default.
    fn opted_in(&self, cx: &mut Context, message: &Inbound) -> impl Future<Output = Result> + Send {
        let _ = (cx, message);
        ready(Ok(()))
    }

    /// Handles a request for help that the provider reported and answered. Sends nothing by default.
    fn help_requested(
        &self,
        cx: &mut Context,
        message: &Inbound,
    ) -> impl Future<Output = Result> + Send {
        let _ = (cx, message);
        ready(Ok(()))
    }

    /// Handles the provider's verdict, an error code, that no message will ever reach the owner of
    /// this mailbox; [`Transaction::undeliverable_since`] has the time of the message that it is about.
    /// Does nothing by default.
    fn undeliverable(
        &self,
        tx: &mut Transaction,
        code: u32,
    ) -> impl Future<Output = Result> + Send {
        let _ = (tx, code);
        ready(Ok(()))
    }

    /// Handles an operator's removal of the owner of this mailbox: ends what they take part in. By
    /// default it removes the state of one who is forgotten, and does nothing about bars.
    fn removed(
        &self,
        tx: &mut Transaction,
        removal: Removal,
    ) -> impl Future<Output = Result> + Send {
        if removal == Removal::Forgotten {
            let own = tx.group();
            tx.remove(own.as_str());
        }
        ready(Ok(()))
    }

    /// Handles a connection that a session opened. Does nothing by default.
    fn connected(
        &self,
        cx: &mut Context,
        connection: &Connection,
    ) -> impl Future<Output = Result> + Send {
        let _ = (cx, connection);
        ready(Ok(()))
    }

    /// Handles the end of a session's connection. Not called when the session has connected again
    /// meanwhile. Does nothing by default.
    fn disconnected(
        &self,
        tx: &mut Transaction,
        end: &Disconnection,
    ) -> impl Future<Output = Result> + Send {
        let _ = (tx, end);
        ready(Ok(()))
    }

    /// Headline for the server's front page, where it lists its topics.
    fn greeting(&self) -> Option<&str> {
        None
    }

    /// Commands that it offers to people: on the tester's page, and in the `help` of a router.
    fn commands(&self) -> Vec<Command> {
        Vec::new()
    }

    /// Tables of records that it keeps, for `crosswire survey export`.
    fn tables(&self) -> Vec<Table> {
        Vec::new()
    }
}
