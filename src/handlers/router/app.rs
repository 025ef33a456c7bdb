//! One app of a router, whose calls run in a scope of its own.

use std::sync::Arc;

use super::route::Route;
use crate::contracts::handler::{Call, Context, DynHandler, Filter, Removal, Result, Transaction};
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};

/// An app: a handler under a name, and the messages that it is offered.
pub struct App {
    /// Name in `apps`, and of its scope.
    pub name: String,
    pub handler: Arc<dyn DynHandler>,
    pub route: Route,
}

impl App {
    pub(super) async fn filter(&self, cx: &mut Context, message: &Inbound) -> Result<Filter> {
        let Some(phases) = self.handler.phases() else { return Ok(Filter::Pass) };
        let outer = cx.enter(&self.name);
        let decision = phases.filter(cx, message).await?;
        cx.leave(outer);
        Ok(decision)
    }

    pub(super) async fn parse(&self, cx: &mut Context, message: &mut Inbound) -> Result {
        let Some(phases) = self.handler.phases() else { return Ok(()) };
        let outer = cx.enter(&self.name);
        phases.parse(cx, message).await?;
        cx.leave(outer);
        Ok(())
    }

    /// Offers a message to the app; false when it is not for it, or the app declines.
    pub(super) async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result<bool> {
        let Some(message) = self.route.offer(message) else { return Ok(false) };
        cx.take_declined();
        let outer = cx.enter(&self.name);
        self.handler.call(Call::Message(cx, &message)).await?;
        cx.leave(outer);
        Ok(!cx.take_declined())
    }

    /// Offers a message to the app that all apps have declined; false when it declines again.
    pub(super) async fn default(&self, cx: &mut Context, message: &Inbound) -> Result<bool> {
        let Some(phases) = self.handler.phases() else { return Ok(false) };
        cx.take_declined();
        let outer = cx.enter(&self.name);
        phases.default(cx, message).await?;
        cx.leave(outer);
        Ok(!cx.take_declined())
    }

    pub(super) async fn cleanup(&self, cx: &mut Context, message: &Inbound) -> Result {
        let Some(phases) = self.handler.phases() else { return Ok(()) };
        let outer = cx.enter(&self.name);
        phases.cleanup(cx, message).await?;
        cx.leave(outer);
        Ok(())
    }

    /// Passes on an opt-out, an opt-in or a request for help.
    pub(super) async fn tell(&self, cx: &mut Context, message: &Inbound) -> Result {
        let outer = cx.enter(&self.name);
        self.handler.call(Call::Message(cx, message)).await?;
        cx.leave(outer);
        Ok(())
    }

    pub(super) async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        let outer = cx.enter(&self.name);
        self.handler.call(Call::Connected(cx, connection)).await?;
        cx.leave(outer);
        Ok(())
    }

    pub(super) async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        let outer = tx.enter(&self.name);
        self.handler.call(Call::Disconnected(tx, end)).await?;
        tx.leave(outer);
        Ok(())
    }

    pub(super) async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        let outer = tx.enter(&self.name);
        self.handler.call(Call::Wake(tx, wake)).await?;
        tx.leave(outer);
        Ok(())
    }

    pub(super) async fn removed(&self, tx: &mut Transaction, removal: Removal) -> Result {
        let outer = tx.enter(&self.name);
        self.handler.call(Call::Removed(tx, removal)).await?;
        tx.leave(outer);
        Ok(())
    }

    pub(super) async fn undeliverable(&self, tx: &mut Transaction, code: u32) -> Result {
        let outer = tx.enter(&self.name);
        self.handler.call(Call::Undeliverable(tx, code)).await?;
        tx.leave(outer);
        Ok(())
    }
}
