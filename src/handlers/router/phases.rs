//! Phases of a message, in their order: filter, parse, handle, default, cleanup.

use super::app::App;
use crate::contracts::handler::{Context, Filter, Result};
use crate::model::message::Inbound;

/// Takes a message through its phases; false when no app has handled it.
pub(super) async fn run(apps: &[App], cx: &mut Context, message: &Inbound) -> Result<bool> {
    for app in apps {
        if app.filter(cx, message).await? == Filter::Stop {
            return Ok(true);
        }
    }
    let mut message = message.clone();
    for app in apps {
        app.parse(cx, &mut message).await?;
    }
    let is_handled = handle(apps, cx, &message).await? || default(apps, cx, &message).await?;
    for app in apps {
        app.cleanup(cx, &message).await?;
    }
    Ok(is_handled)
}

async fn handle(apps: &[App], cx: &mut Context, message: &Inbound) -> Result<bool> {
    for app in apps {
        if app.handle(cx, message).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn default(apps: &[App], cx: &mut Context, message: &Inbound) -> Result<bool> {
    for app in apps {
        if app.default(cx, message).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
