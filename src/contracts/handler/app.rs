//! Apps that take part in more phases of a router than `handle`.

use std::future::{Future, ready};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Call, Context, DynHandler, Effects, Handler, OutgoingMessage, Result, Transaction};
use crate::model::command::Command;
use crate::model::message::{Inbound, Mail};
use crate::model::table::Table;

/// An app of a router, with a part in every phase of a message: first `filter` of all apps, then
/// `parse` of all, then `handle` of one after the other until one does not
/// [decline](Context::decline), then `default` in the same way when all have declined, then `cleanup`
/// of all. At last each message that was sent passes `outgoing` of every app, the last app first.
///
/// All phases of one message are one transaction. Every app has a state of its own.
///
/// ```
/// use crosswire::prelude::*;
///
/// /// Keeps texts in capitals from all other apps, and signs all answers.
/// struct Manners;
///
/// impl Handler for Manners {
///     async fn handle(&self, cx: &mut Context, _: &Inbound) -> Result {
///         cx.decline();
///         Ok(())
///     }
/// }
///
/// impl RouterApp for Manners {
///     async fn filter(&self, cx: &mut Context, message: &Inbound) -> Result<Filter> {
///         let text = message.text.reveal();
///         if text.to_lowercase() == text {
///             return Ok(Filter::Pass);
///         }
///         cx.reply("Please do not shout.");
///         Ok(Filter::Stop)
///     }
///
///     fn outgoing(&self, message: &mut OutgoingMessage) -> bool {
///         message.text = format!("{} - your echo", message.text.reveal()).into();
///         true
///     }
/// }
///
/// App::new()
///     .router_app("manners", Manners)
///     .topics(
///         "[topics.t]\nhandler = \"router\"\naccept_response = \"\"\n\
///          properties.apps = [\"manners\", \"echo\"]",
///     )
///     .script(
///         "manners",
///         "1 > ECHO ME\n1 < Please do not shout. - your echo\n1 > echo me\n1 < me - your echo",
///     )?;
/// # anyhow::Ok(())
/// ```
pub trait RouterApp: Handler {
    /// Decides before all other phases whether the message goes on to them. Passes it on by default.
    fn filter(
        &self,
        cx: &mut Context,
        message: &Inbound,
    ) -> impl Future<Output = Result<Filter>> + Send {
        let _ = (cx, message);
        ready(Ok(Filter::Pass))
    }

    /// Prepares the message for the phases that follow, of every app. Changes nothing by default.
    fn parse(
        &self,
        cx: &mut Context,
        message: &mut Inbound,
    ) -> impl Future<Output = Result> + Send {
        let _ = (cx, message);
        ready(Ok(()))
    }

    /// Handles a message that every app has declined. Declines it by default.
    fn default(&self, cx: &mut Context, message: &Inbound) -> impl Future<Output = Result> + Send {
        let _ = message;
        cx.decline();
        ready(Ok(()))
    }

    /// Ends the work on a message, whichever app has handled it. Does nothing by default.
    fn cleanup(&self, cx: &mut Context, message: &Inbound) -> impl Future<Output = Result> + Send {
        let _ = (cx, message);
        ready(Ok(()))
    }

    /// Decides whether a message that an app has sent leaves the server, and may change it. Lets it
    /// leave by default.
    fn outgoing(&self, message: &mut OutgoingMessage) -> bool {
        let _ = message;
        true
    }
}

/// Decision of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The message goes on to the next filter, and to the phases after it.
    Pass,
    /// The message ends here: no other phase of any app gets it.
    Stop,
}

/// The phases of a [`RouterApp`] as a router holds them, behind a pointer.
pub trait Phases: Send + Sync {
    fn filter<'a>(
        &'a self,
        cx: &'a mut Context,
        message: &'a Inbound,
    ) -> BoxFuture<'a, Result<Filter>>;

    fn parse<'a>(&'a self, cx: &'a mut Context, message: &'a mut Inbound) -> BoxFuture<'a, Result>;

    fn default<'a>(&'a self, cx: &'a mut Context, message: &'a Inbound) -> BoxFuture<'a, Result>;

    fn cleanup<'a>(&'a self, cx: &'a mut Context, message: &'a Inbound) -> BoxFuture<'a, Result>;

    fn outgoing(&self, message: &mut OutgoingMessage) -> bool;
}

impl<A: RouterApp> Phases for A {
    fn filter<'a>(
        &'a self,
        cx: &'a mut Context,
        message: &'a Inbound,
    ) -> BoxFuture<'a, Result<Filter>> {
        RouterApp::filter(self, cx, message).boxed()
    }

    fn parse<'a>(&'a self, cx: &'a mut Context, message: &'a mut Inbound) -> BoxFuture<'a, Result> {
        RouterApp::parse(self, cx, message).boxed()
    }

    fn default<'a>(&'a self, cx: &'a mut Context, message: &'a Inbound) -> BoxFuture<'a, Result> {
        RouterApp::default(self, cx, message).boxed()
    }

    fn cleanup<'a>(&'a self, cx: &'a mut Context, message: &'a Inbound) -> BoxFuture<'a, Result> {
        RouterApp::cleanup(self, cx, message).boxed()
    }

    fn outgoing(&self, message: &mut OutgoingMessage) -> bool {
        RouterApp::outgoing(self, message)
    }
}

/// A [`RouterApp`] as a handler that has phases.
pub struct Phased<A>(pub A);

impl<A: RouterApp> DynHandler for Phased<A> {
    fn run<'a>(&'a self, tx: Transaction, mail: &'a Mail) -> BoxFuture<'a, Result<Effects>> {
        self.0.run(tx, mail)
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result> {
        self.0.call(call)
    }

    fn greeting(&self) -> Option<&str> {
        Handler::greeting(&self.0)
    }

    fn commands(&self) -> Vec<Command> {
        Handler::commands(&self.0)
    }

    fn tables(&self) -> Vec<Table> {
        Handler::tables(&self.0)
    }

    fn phases(&self) -> Option<&dyn Phases> {
        Some(&self.0)
    }
}
