//! Outbound messages of a gateway whose fields are configured.

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use url::Url;

use super::auth::Auth;
use super::outcome;
use super::settings::{Format, OutgoingSettings};
use super::template::Template;
use crate::contracts::transport::callback::Callback;
use crate::contracts::transport::{SendError, SentReceipt};
use crate::http_client::Response;
use crate::model::message::Outbound as Message;

/// Requests to one gateway.
pub(super) struct Outbound {
    pub(super) transport: String,
    pub(super) settings: OutgoingSettings,
    pub(super) url: Template,
    pub(super) format: Format,
    pub(super) auth: Auth,
    /// Address of delivery reports, when the gateway is told one.
    pub(super) report_url: Option<Callback>,
}

impl Outbound {
    pub(super) fn request(
        &self,
        http: &reqwest::Client,
        message: &Message,
        line: &str,
    ) -> Result<RequestBuilder, SendError> {
        let text = text(message);
        let number = |it| self.number(it);
        let (identity, line) = (number(message.to.identity.reveal()), number(line));
        let address = self.url.fill(|name| match name {
            "identity" => identity,
            "text" => &text,
            "from" => line,
            _ => message.id.as_str(),
        });
        let mut url = Url::parse(&address)
            .map_err(|error| SendError::NotSent(format!("the address is no URL: {error}")))?;
        let fields = self.fields(message, identity, &text, line);
        let (request, content) = match self.format {
            Format::Get => {
                let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
                let pairs = fields.map(|(name, value)| (name, plain(&value)));
                url.query_pairs_mut().extend_pairs(pairs);
                let content = url.query().unwrap_or_default().as_bytes().to_vec();
                (http.get(url), content)
            }
            Format::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                    form.append_pair(name, &plain(value));
                }
                posted(http.post(url), "application/x-www-form-urlencoded", form.finish().into())
            }
            Format::Json => {
                let json = Value::Object(nested(fields)).to_string();
                posted(http.post(url), "application/json", json.into_bytes())
            }
        };
        Ok(self.auth.add_headers(request, &content))
    }

    pub(super) fn receipt(
        &self,
        response: &Response,
        message: &Message,
    ) -> Result<SentReceipt, SendError> {
        let status = response.status.as_u16();
        let is_success = match &self.settings.success_status[..] {
            [] => response.status.is_success(),
            statuses => statuses.contains(&status),
        };
        if !is_success {
            return Err(outcome::send_error(response, &self.settings.retry));
        }
        if let Some(expected) = &self.settings.success {
            let Some(body) = &response.body else {
                return Err(SendError::Ambiguous(format!("status {status} without a body")));
            };
            if !String::from_utf8_lossy(body).contains(expected.as_str()) {
                let reason = "the response is not the one that means success".to_owned();
                return Err(SendError::Message { code: u32::from(status), reason });
            }
        }
        let path = self.settings.response_id.as_deref();
        let id = path.and_then(|path| outcome::field(response, path));
        Ok(SentReceipt::new(id.unwrap_or_else(|| message.id.to_string())))
    }

    /// Fields in the order: those of the message, the secret, and the configured ones.
    fn fields(
        &self,
        message: &Message,
        identity: &str,
        text: &str,
        line: &str,
    ) -> Vec<(String, Value)> {
        let names = &self.settings;
        let mut fields = Vec::new();
        let mut add = |name: Option<&str>, value: Option<String>| {
            if let (Some(name), Some(value)) = (name, value) {
                fields.push((name.to_owned(), Value::String(value)));
            }
        };
        for (placeholder, name, value) in
            [("identity", &names.identity, identity), ("text", &names.text, text)]
        {
            let is_filled = self.format == Format::Get && self.url.contains(placeholder);
            add((!is_filled).then_some(name.as_str()), Some(value.to_owned()));
        }
        add(names.from.as_deref(), Some(line.to_owned()).filter(|line| !line.is_empty()));
        add(names.id.as_deref(), Some(message.id.to_string()));
        add(names.reply_to.as_deref(), self.answered(message));
        add(names.report_url.as_deref(), self.report_url(message));
        let secret = self.auth.field();
        add(secret.map(|(name, _)| name), secret.map(|(_, value)| value.to_owned()));
        fields.extend(names.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        fields
    }

    fn number<'n>(&self, identity: &'n str) -> &'n str {
        if self.settings.plus { identity } else { identity.strip_prefix('+').unwrap_or(identity) }
    }

    /// Gateway's own id of the message that is answered. A message of another transport has none.
    fn answered(&self, message: &Message) -> Option<String> {
        let cause = message.cause.as_ref()?;
        let id = cause.id.as_str().strip_prefix(&self.transport)?.strip_prefix(':')?;
        Some(id.to_owned())
    }

    fn report_url(&self, message: &Message) -> Option<String> {
        self.report_url.as_ref().map(|url| url.of(message))
    }
}

/// Text of a message, with the addresses of its media behind it: a gateway of texts has no other place
/// for them.
pub(super) fn text(message: &Message) -> String {
    let mut text = message.text.reveal().to_owned();
    for media in &message.media {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&media.url);
    }
    text
}

fn posted(request: RequestBuilder, media_type: &str, body: Vec<u8>) -> (RequestBuilder, Vec<u8>) {
    (request.header(CONTENT_TYPE, media_type).body(body.clone()), body)
}

/// Value as a form has it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Objects of fields whose names are dotted paths.
fn nested(fields: Vec<(String, Value)>) -> Map<String, Value> {
    let mut root = Map::new();
    for (path, value) in fields {
        insert(&mut root, &path, value);
    }
    root
}

fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((key, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), value);
        return;
    };
    let mut inner = match object.remove(key) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    };
    insert(&mut inner, rest, value);
    object.insert(key.to_owned(), Value::Object(inner));
}
