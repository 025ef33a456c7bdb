//! Gateway whose fields are configured, by topics.toml or by a preset.

use reqwest::RequestBuilder;

use super::address::plain_http_problem;
use super::auth::Auth;
use super::gateway::{Built, Gateway};
use super::guard::Guard;
use super::inbound::Inbound;
use super::outbound::Outbound;
use super::secrets::Secrets;
use super::settings::{CustomSettings, Format, OutgoingSettings};
use super::template::Template;
use crate::contracts::handler::Result;
use crate::contracts::settings::BuildContext;
use crate::contracts::transport::callback::Callback;
use crate::contracts::transport::{
    MediaPolicy, ReceiveError, Received, SendError, SentReceipt, WebhookRequest, WebhookResponse,
};
use crate::http_client::{GuardedUrl, Reach, Response};
use crate::model::message::Outbound as Message;
use crate::model::phone;

/// Longest window of messages without an id. Longer than any gateway repeats a call.
const MAX_DEDUPE_SECONDS: u64 = 24 * 60 * 60;

struct Custom {
    inbound: Inbound,
    outbound: Outbound,
}

/// Builds the gateway, or reports every setting that cannot work.
pub(super) fn build(settings: CustomSettings, context: &BuildContext<'_>) -> Result<Built> {
    let mut secrets = Secrets::new(context);
    let CustomSettings { line, dedupe, mut incoming, mut outgoing, reports } = settings;
    let callers = incoming.auth.take().unwrap_or_default();
    let has_auth = callers.names_credentials();
    let callers = callers.read("incoming.auth", &mut secrets);
    let secret = callers.field().map(|(name, secret)| (name.to_owned(), secret.to_owned()));
    let guard = Guard::new(callers, has_auth, &incoming.allow, &mut secrets);
    let auth = std::mem::take(&mut outgoing.auth).read("outgoing.auth", &mut secrets);
    if dedupe.as_secs() > MAX_DEDUPE_SECONDS {
        secrets.errors.add("dedupe", "is more than a day; write a time such as \"60s\"");
    }
    check_names(&incoming.identity, &incoming.text, &mut secrets);
    let mut outbound = outbound(outgoing, auth, context, &mut secrets);
    // A delivery report needs the credentials of every request.
    if let (Some(url), Some((name, secret))) = (&mut outbound.report_url, secret) {
        url.add(&name, &secret);
    }
    let missing = secrets.missing();
    secrets.errors.into_result()?;
    let has_ids = incoming.id.is_some();
    // In the spelling of inbound messages, so that both directions have one line.
    let line = line.filter(|line| !line.is_empty()).map(|line| phone::normalize(&line));
    let transport = context.part.to_owned();
    let inbound = Inbound { transport, line: line.clone(), settings: incoming, reports, guard };
    Ok(Built {
        gateway: Box::new(Custom { inbound, outbound }),
        line,
        media: MediaPolicy::default(),
        dedupe: (!has_ids && !dedupe.is_zero()).then_some(dedupe),
        missing,
    })
}

fn check_names(identity: &str, text: &str, secrets: &mut Secrets<'_>) {
    for (key, name) in [("incoming.identity", identity), ("incoming.text", text)] {
        if name.is_empty() {
            secrets.errors.add(key, "is empty; write the name of the gateway's field");
        }
    }
}

fn outbound(
    settings: OutgoingSettings,
    auth: Auth,
    context: &BuildContext<'_>,
    secrets: &mut Secrets<'_>,
) -> Outbound {
    let url = Template::parse(&settings.url).unwrap_or_else(|problem| {
        secrets.errors.add("outgoing.url", problem);
        Template::default()
    });
    if url != Template::default() || settings.url.is_empty() {
        check_url(&url, &auth, secrets);
    }
    if settings.idempotent && settings.id.is_none() && !url.contains("id") {
        let fix = "name the field of the message's id as outgoing.id";
        secrets.errors.add("outgoing.idempotent", format!("needs an id in every request; {fix}"));
    }
    let default = if url.is_plain() { Format::Form } else { Format::Get };
    let status = |origin| format!("{origin}/status/{}", context.topic.route(context.part));
    Outbound {
        transport: context.part.to_owned(),
        format: settings.format.unwrap_or(default),
        report_url: context.public_url.map(status).and_then(|url| Callback::parse(&url)),
        settings,
        url,
        auth,
    }
}

fn check_url(url: &Template, auth: &Auth, secrets: &mut Secrets<'_>) {
    let problem = match GuardedUrl::parse(&url.fill(|_| "1"), Reach::Anywhere) {
        Err(problem) => Some(problem),
        Ok(_) if auth.is_empty() => None,
        Ok(address) => plain_http_problem(address.as_url()).map(str::to_owned),
    };
    if let Some(problem) = problem {
        secrets.errors.add("outgoing.url", problem);
    }
}

impl Gateway for Custom {
    fn receive(&self, request: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        self.inbound.receive(request)
    }

    fn answer(&self) -> WebhookResponse {
        let body = self.inbound.settings.answer.clone();
        let content_type = (!body.is_empty()).then_some("text/plain; charset=utf-8");
        WebhookResponse { status: 200, content_type, body }
    }

    fn request(
        &self,
        http: &reqwest::Client,
        message: &Message,
        line: &str,
    ) -> std::result::Result<RequestBuilder, SendError> {
        self.outbound.request(http, message, line)
    }

    fn receipt(
        &self,
        response: &Response,
        message: &Message,
    ) -> std::result::Result<SentReceipt, SendError> {
        self.outbound.receipt(response, message)
    }

    fn is_idempotent(&self) -> bool {
        self.outbound.settings.idempotent
    }
}
