//! Messages from phones: the webhook of a line is called for each, as often as its URL asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::caller::Answer;
use super::form::Form;
use super::journal::WebhookOutcome;
use super::message::{Direction, Message};
use super::state::State;
use super::twiml;
use crate::model::keyword;
use crate::model::segment::segments;

const GOODBYE: &str = "You have successfully been unsubscribed. You will not receive any more \
                       messages from this number. Reply START to resubscribe.";
const WELCOME: &str = "You have successfully been re-subscribed to messages from this number. \
                       Reply HELP for help. Reply STOP to unsubscribe.";
const HELP: &str = "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";

/// Most attempts that a URL may ask for, beside the first.
const MAX_RETRIES: usize = 5;

/// A text from a phone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InboundText {
    pub from: String,
    /// Number that it is sent to; without one, the first of the account.
    pub to: Option<String>,
    pub body: String,
    /// Addresses of its pictures.
    pub media: Vec<String>,
    /// Leaves the webhook uncalled: the message stands in Twilio's list alone.
    pub lost: bool,
    /// Number of further calls for the same message, all at once.
    pub again: usize,
    /// Parameters beside the usual ones, such as `OptOutType`.
    pub parameters: BTreeMap<String, String>,
}

impl InboundText {
    pub fn new(from: &str, body: &str) -> Self {
        Self { from: from.to_owned(), body: body.to_owned(), ..Self::default() }
    }
}

/// Takes a text from a phone, and calls the webhook of its line.
pub(super) async fn receive(state: &Arc<State>, text: InboundText) -> WebhookOutcome {
    let first = state.lines().first().map(|line| line.number.clone());
    let to = text.to.clone().or(first).unwrap_or_default();
    let message = Message::new(Direction::Inbound, &text.from, &to, &text.body);
    let message = message.with_media(text.media.clone());
    state.journal.add(message.clone());
    answer_keyword(state, &message);
    let url = state.lines().iter().find(|line| line.number == to).map(|line| line.sms_url.clone());
    let mut outcome = WebhookOutcome { sid: message.sid.clone(), ..WebhookOutcome::default() };
    if let Some(url) = url.filter(|url| !url.is_empty() && !text.lost) {
        let form = form(&state.settings.account.sid, &message, &text);
        call_all(state, &url, &form, text.again, &mut outcome).await;
    }
    let reply = |text: &String| Message::new(Direction::OutboundReply, &to, &message.from, text);
    outcome.texts.iter().for_each(|text| state.journal.add(reply(text)));
    state.journal.update(&message.sid, |message| message.error_code = outcome.error);
    state.journal.called(outcome.clone());
    outcome
}

/// Answers opt-out, opt-in and help words in place of the account, as Twilio does by default.
fn answer_keyword(state: &State, message: &Message) {
    let word = message.body.trim().to_uppercase();
    let (line, person) = (&message.to, &message.from);
    let text = if keyword::is_opt_out(&message.body) {
        state.set_opted_out(line, person, true);
        GOODBYE
    } else if matches!(word.as_str(), "START" | "YES" | "UNSTOP")
        && state.is_opted_out(line, person)
    {
        state.set_opted_out(line, person, false);
        WELCOME
    } else if matches!(word.as_str(), "HELP" | "INFO") {
        HELP
    } else {
        return;
    };
    state.journal.add(Message::new(Direction::OutboundReply, line, person, text));
}

/// Calls the webhook for a message, and for its duplicates at the same time.
async fn call_all(
    state: &Arc<State>,
    url: &str,
    form: &Form,
    again: usize,
    outcome: &mut WebhookOutcome,
) {
    let calls = (0..=again).map(|_| {
        let (state, url, form) = (Arc::clone(state), url.to_owned(), form.clone());
        state.caller.clone().spawn(async move { call(&state, &url, &form).await })
    });
    for answers in futures_util::future::join_all(calls).await.into_iter().flatten() {
        outcome.statuses.extend(answers.iter().map(|answer| answer.status));
        match answers.last().map(read) {
            Some(Ok(texts)) => outcome.texts.extend(texts),
            Some(Err(code)) => outcome.error = Some(code),
            None => {}
        }
    }
}

/// Calls the webhook until it answers, or the retries that its URL asks for are used up.
async fn call(state: &State, url: &str, form: &Form) -> Vec<Answer> {
    let overrides = Overrides::of(url);
    let mut answers = Vec::new();
    for attempt in 0..=overrides.retries {
        let token = (attempt > 0).then_some("retry");
        answers.push(state.caller.post(url, form, token).await);
        if answers.last().is_none_or(|answer| !overrides.retries_after(answer.status)) {
            break;
        }
    }
    answers
}

/// Returns the texts of an answer, or Twilio's error code for it.
fn read(answer: &Answer) -> Result<Vec<String>, u32> {
    match answer.status {
        0 => Err(11205),
        204 => Ok(Vec::new()),
        200..=299 if answer.body.is_empty() => Ok(Vec::new()),
        200..=299 if !answer.content_type.contains("xml") => Err(12300),
        200..=299 => twiml::texts(&answer.body),
        _ => Err(11200),
    }
}

/// Connection overrides, which stand in the fragment of a URL.
struct Overrides {
    retries: usize,
    policy: Vec<String>,
}

impl Overrides {
    fn of(url: &str) -> Self {
        let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
        let form = Form::parse(fragment.as_bytes());
        let retries = form.get("rc").and_then(|count| count.parse().ok()).unwrap_or(1);
        let policy = form.get("rp").unwrap_or("ct").split(',').map(str::to_owned).collect();
        Self { retries: std::cmp::min(retries, MAX_RETRIES), policy }
    }

    fn retries_after(&self, status: u16) -> bool {
        let failure = match status {
            0 => "ct",
            400..=499 => "4xx",
            500..=599 => "5xx",
            _ => return false,
        };
        self.policy.iter().any(|it| it == failure || it == "all")
    }
}

fn form(account: &str, message: &Message, text: &InboundText) -> Form {
    let mut form: Vec<(String, String)> = [
        ("ToCountry", "US"),
        ("ToState", ""),
        ("SmsMessageSid", &message.sid),
        ("NumMedia", &message.media.len().to_string()),
        ("FromZip", ""),
        ("SmsSid", &message.sid),
        ("SmsStatus", "received"),
        ("Body", &message.body),
        ("FromCountry", "US"),
        ("To", &message.to),
        ("NumSegments", &segments(&message.body).to_string()),
        ("MessageSid", &message.sid),
        ("AccountSid", account),
        ("From", &message.from),
        ("ApiVersion", "2010-04-01"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (index, url) in message.media.iter().enumerate() {
        form.push((format!("MediaUrl{index}"), url.clone()));
        form.push((format!("MediaContentType{index}"), "image/jpeg".to_owned()));
    }
    form.extend(text.parameters.clone());
    Form(form)
}
