//! Delivery of accepted messages: their states, and the calls that report them.

use std::sync::Arc;

use super::delivery::{Plan, Step};
use super::form::Form;
use super::message::Message;
use super::state::State;

/// Delivers a message by its plan. Returns when its early callbacks are answered; the others follow.
pub(super) async fn deliver(state: &Arc<State>, message: &Message, plan: Plan) {
    let Plan { early, late, delay, calls } = plan;
    let (sid, caller) = (message.sid.clone(), state.caller.clone());
    let own = Arc::clone(state);
    let begun = caller.spawn(async move {
        for step in early {
            report(&own, &sid, step, calls).await;
        }
        (own, sid)
    });
    let Ok((own, sid)) = begun.await else { return };
    if late.is_empty() {
        return;
    }
    caller.spawn(async move {
        for step in late {
            tokio::time::sleep(delay).await;
            report(&own, &sid, step, calls).await;
        }
    });
}

/// Moves a message on to a state, and calls its status callback. Such a call is best effort: one that
/// fails is not repeated.
async fn report(state: &State, sid: &str, (status, code): Step, calls: bool) {
    let Some(message) = state.journal.advance(sid, status, code) else { return };
    let Some(url) = message.status_callback.as_deref().filter(|_| calls) else { return };
    let form = form(&state.settings.account.sid, &message, status, code);
    let answer = state.caller.post(url, &form, None).await;
    state.journal.reported(answer.status);
}

fn form(account: &str, message: &Message, status: &str, code: Option<u32>) -> Form {
    let mut form: Vec<(&str, String)> = vec![
        ("AccountSid", account.to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", message.from.clone()),
        ("MessageSid", message.sid.clone()),
        ("MessageStatus", status.to_owned()),
        ("SmsSid", message.sid.clone()),
        ("SmsStatus", status.to_owned()),
        ("To", message.to.clone()),
    ];
    form.extend(message.service.clone().map(|service| ("MessagingServiceSid", service)));
    form.extend(code.map(|code| ("ErrorCode", code.to_string())));
    Form(form.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
