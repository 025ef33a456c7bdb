//! Plain `async fn`s as handlers.

use std::future::Future;

use super::{Context, Handler, Result};
use crate::model::message::Inbound;

/// An `async fn(&mut Context, &Inbound) -> Result`, for one lifetime of its arguments. A bound on
/// the function itself could not name the future that it returns.
pub trait HandlerFn<'a>: Send + Sync {
    type Future: Future<Output = Result> + Send + 'a;

    fn call(&self, cx: &'a mut Context, message: &'a Inbound) -> Self::Future;
}

impl<'a, F, R> HandlerFn<'a> for F
where
    F: Fn(&'a mut Context, &'a Inbound) -> R + Send + Sync,
    R: Future<Output = Result> + Send + 'a,
{
    type Future = R;

    fn call(&self, cx: &'a mut Context, message: &'a Inbound) -> R {
        self(cx, message)
    }
}

impl<F> Handler for F
where
    F: for<'a> HandlerFn<'a>,
{
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.call(cx, message).await
    }
}
