//! Router: several apps share a topic, and each message goes to the first of them that wants it.
//!
//! An app is any handler. All apps work in the one transaction of the message, so what they write and
//! send takes effect together. Keys, pools, counters and wakes of an app bear its name (`poll/close`),
//! so that apps cannot touch each other's; the name of a wake tells the router whose it is.

use std::sync::Arc;

use crate::contracts::handler::{Context, DynHandler, Handler, Removal, Result, Transaction};
use crate::model::command::Command;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};
use crate::model::table::Table;

mod app;
mod phases;
mod route;
mod settings;

pub use app::App;
pub use route::{Route, RouteSettings};
pub use settings::RouterSettings;

/// Handler that offers a message to its apps in turn.
pub struct Router {
    apps: Vec<App>,
    /// Answer to a message that no app has handled.
    default: Option<String>,
    commands: Arc<[Command]>,
    /// True when it only gives one app its phases, so that the app has no other one to decline to.
    is_alone: bool,
}

impl Router {
    pub fn new(apps: Vec<App>, default: Option<String>) -> Self {
        let commands = apps.iter().flat_map(|app| app.handler.commands()).collect();
        Self { apps, default, commands, is_alone: false }
    }

    /// Creates the router of a topic whose handler is an app with phases.
    pub fn of_one(name: &str, handler: Arc<dyn DynHandler>) -> Self {
        let app = App { name: name.to_owned(), handler, route: Route::default() };
        Self { is_alone: true, ..Self::new(vec![app], None) }
    }

    /// Passes the messages that were sent after the first `sent` by every app, the last one first.
    fn check_outgoing(&self, tx: &mut Transaction, sent: usize) {
        for phases in self.apps.iter().rev().filter_map(|app| app.handler.phases()) {
            tx.retain_sends(sent, |message| phases.outgoing(message));
        }
    }

    /// Tells every app of an opt-out, an opt-in or a request for help.
    async fn tell_all(&self, cx: &mut Context, message: &Inbound) -> Result {
        let sent = cx.sent();
        for app in &self.apps {
            app.tell(cx, message).await?;
        }
        self.check_outgoing(cx, sent);
        Ok(())
    }
}

impl Handler for Router {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let sent = cx.sent();
        let is_handled = if self.is_alone {
            phases::run(&self.apps, cx, message).await?
        } else {
            let outer = cx.enter_router(Arc::clone(&self.commands));
            let is_handled = phases::run(&self.apps, cx, message).await?;
            cx.leave_router(outer);
            is_handled
        };
        if !is_handled {
            match &self.default {
                Some(text) => cx.reply(text.as_str()),
                None => cx.decline(),
            }
        }
        self.check_outgoing(cx, sent);
        Ok(())
    }

    /// Passes a wake on to its app. One without an app's name, such as a job's, concerns all of them;
    /// one of an app that was removed has no effect.
    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        let sent = tx.sent();
        match wake.name.split_once('/') {
            None => {
                for app in &self.apps {
                    app.wake(tx, wake).await?;
                }
            }
            Some((name, rest)) => {
                let own = Wake { name: rest.to_owned(), ..wake.clone() };
                if let Some(app) = self.apps.iter().find(|app| app.name == name) {
                    app.wake(tx, &own).await?;
                }
            }
        }
        self.check_outgoing(tx, sent);
        Ok(())
    }

    async fn opted_out(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell_all(cx, message).await
    }

    async fn opted_in(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell_all(cx, message).await
    }

    async fn help_requested(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell_all(cx, message).await
    }

    async fn removed(&self, tx: &mut Transaction, removal: Removal) -> Result {
        let sent = tx.sent();
        for app in &self.apps {
            app.removed(tx, removal).await?;
        }
        self.check_outgoing(tx, sent);
        Ok(())
    }

    async fn undeliverable(&self, tx: &mut Transaction, code: u32) -> Result {
        let sent = tx.sent();
        for app in &self.apps {
            app.undeliverable(tx, code).await?;
        }
        self.check_outgoing(tx, sent);
        Ok(())
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        let sent = cx.sent();
        for app in &self.apps {
            app.connected(cx, connection).await?;
        }
        self.check_outgoing(cx, sent);
        Ok(())
    }

    async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        let sent = tx.sent();
        for app in &self.apps {
            app.disconnected(tx, end).await?;
        }
        self.check_outgoing(tx, sent);
        Ok(())
    }

    fn greeting(&self) -> Option<&str> {
        self.apps.iter().find_map(|app| app.handler.greeting())
    }

    fn commands(&self) -> Vec<Command> {
        self.commands.to_vec()
    }

    fn tables(&self) -> Vec<Table> {
        let of_app = |app: &App| {
            let name = app.name.clone();
            app.handler.tables().into_iter().map(move |table| table.within(&name))
        };
        self.apps.iter().flat_map(of_app).collect()
    }
}
