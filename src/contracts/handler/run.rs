//! One run of a handler: the choice of its method, and the effects of it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{
    BARRED, Context, Effects, FORGOTTEN, Handler, LIFTED, OutgoingMessage, Phases, REPORTED,
    Refuse, Removal, Result, Transaction, UNDELIVERABLE, Verdict, opt_out, presence, submission,
};
use crate::model::command::Command;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Mail, OptOut, Wake};
use crate::model::table::Table;

/// A [`Handler`] as an engine holds it, behind a pointer.
pub trait DynHandler: Send + Sync {
    /// Handles one mail in `tx` and returns the effects to commit. A refusal is one of them; any
    /// other error means that the mail is tried again.
    fn run<'a>(&'a self, tx: Transaction, mail: &'a Mail) -> BoxFuture<'a, Result<Effects>>;

    /// Makes one call of the handler, in a transaction that need not be its alone: a router's apps
    /// share one.
    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result>;

    /// Returns the handler's headline for the front page.
    fn greeting(&self) -> Option<&str>;

    /// Returns the commands that the handler offers to people.
    fn commands(&self) -> Vec<Command>;

    /// Returns the tables of records that the handler keeps.
    fn tables(&self) -> Vec<Table>;

    /// Returns the phases of an app that has more of them than `handle`.
    fn phases(&self) -> Option<&dyn Phases> {
        None
    }
}

/// One call of a handler: the method, and what it is called with.
pub enum Call<'a> {
    /// A message, or the opt-out, opt-in or request for help that it is.
    Message(&'a mut Context, &'a Inbound),
    Wake(&'a mut Transaction, &'a Wake),
    /// The verdict that no message reaches the owner of the mailbox, with the provider's code.
    Undeliverable(&'a mut Transaction, u32),
    /// The operator's removal of the owner of the mailbox.
    Removed(&'a mut Transaction, Removal),
    Connected(&'a mut Context, &'a Connection),
    Disconnected(&'a mut Transaction, &'a Disconnection),
}

impl<H: Handler> DynHandler for H {
    fn run<'a>(&'a self, tx: Transaction, mail: &'a Mail) -> BoxFuture<'a, Result<Effects>> {
        match mail {
            Mail::Message(message) => receive(self, tx, message).boxed(),
            Mail::Wake(wake) => wake_up(self, tx, wake).boxed(),
            Mail::Connection(change) => presence::change(self, tx, change).boxed(),
            Mail::Submission(message) => submission::submit(tx, message).boxed(),
            Mail::Cancellation(cancellation) => submission::cancel(tx, cancellation).boxed(),
            Mail::Chunk(chunk) => submission::release_chunk(tx, chunk).boxed(),
        }
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result> {
        match call {
            Call::Message(cx, message) => match opt_out(message) {
                None => self.handle(cx, message).boxed(),
                Some(OptOut::Stop) => self.opted_out(cx, message).boxed(),
                Some(OptOut::Start) => self.opted_in(cx, message).boxed(),
                Some(OptOut::Help) => self.help_requested(cx, message).boxed(),
            },
            Call::Wake(tx, wake) => self.wake(tx, wake).boxed(),
            Call::Undeliverable(tx, code) => self.undeliverable(tx, code).boxed(),
            Call::Removed(tx, removal) => self.removed(tx, removal).boxed(),
            Call::Connected(cx, connection) => self.connected(cx, connection).boxed(),
            Call::Disconnected(tx, end) => self.disconnected(tx, end).boxed(),
        }
    }

    fn greeting(&self) -> Option<&str> {
        Handler::greeting(self)
    }

    fn commands(&self) -> Vec<Command> {
        Handler::commands(self)
    }

    fn tables(&self) -> Vec<Table> {
        Handler::tables(self)
    }
}

async fn receive<H: Handler>(handler: &H, tx: Transaction, message: &Inbound) -> Result<Effects> {
    let mut cx = Context::new(tx, message.sender.clone());
    match handler.call(Call::Message(&mut cx, message)).await {
        Ok(()) => Ok(cx.into_transaction().into_effects()),
        Err(error) => match Refuse::text_of(&error) {
            Some(text) => Ok(refusal(message, text)),
            None => Err(error),
        },
    }
}

/// Returns the effects of a refusal: its text, whatever the handler did before.
fn refusal(message: &Inbound, text: &str) -> Effects {
    let reply = OutgoingMessage::text(message.sender.clone(), text);
    Effects { sends: vec![reply], ..Effects::default() }
}

/// Runs a wake. A refusal in it is an error like any other, for there is no sender to answer.
async fn wake_up<H: Handler>(handler: &H, mut tx: Transaction, wake: &Wake) -> Result<Effects> {
    match wake.name.as_str() {
        UNDELIVERABLE => {
            let verdict = Verdict::of(wake);
            tx.undeliverable_since = verdict.since();
            handler.undeliverable(&mut tx, verdict.code()).await?;
        }
        REPORTED => {}
        BARRED => handler.removed(&mut tx, Removal::Barred).await?,
        LIFTED => handler.removed(&mut tx, Removal::Lifted).await?,
        FORGOTTEN => handler.removed(&mut tx, Removal::Forgotten).await?,
        presence::LOST_PROCESS => presence::lost_process(&mut tx, wake).await?,
        presence::LOST_SESSION => presence::lost_session(handler, &mut tx, wake).await?,
        submission::DUE => return submission::release_due(tx, wake).await,
        _ => handler.wake(&mut tx, wake).await?,
    }
    Ok(tx.into_effects())
}
