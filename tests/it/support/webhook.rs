//! Webhook requests as Twilio makes them, and forgeries of them.

use std::sync::Once;
use std::time::Duration;

use reqwest::Method;
use uuid::Uuid;

use super::Answer;
use super::twilio::{Account, sign};

const FORM: &str = "application/x-www-form-urlencoded";

/// Signed webhook of an inbound message. Every part can be modified before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    client: reqwest::Client,
    method: Method,
    url: String,
    token: String,
    parameters: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    signature: Signature,
    content_type: Option<String>,
    body: Option<Vec<u8>>,
    /// Port of the process that gets it, when that is not the one in the URL.
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Signature {
    Genuine,
    Given(String),
    Absent,
}

impl Webhook {
    /// Creates a message with the parameters that Twilio always sends. `url` has no query.
    pub(super) fn new(
        client: &reqwest::Client,
        account: &Account,
        url: &str,
        sms: [&str; 3],
    ) -> Self {
        let [from, to, body] = sms;
        let sid = format!("SM{}", Uuid::now_v7().simple());
        let parameters = [
            ("ToCountry", "US"),
            ("ToState", "CA"),
            ("SmsMessageSid", &sid),
            ("NumMedia", "0"),
            ("ToCity", "SAN FRANCISCO"),
            ("FromZip", "97201"),
            ("SmsSid", &sid),
            ("FromState", "OR"),
            ("SmsStatus", "received"),
            ("FromCity", "PORTLAND"),
            ("Body", body),
            ("FromCountry", "US"),
            ("To", to),
            ("ToZip", "94105"),
            ("NumSegments", "1"),
            ("MessageSid", &sid),
            ("AccountSid", &account.sid),
            ("From", from),
            ("ApiVersion", "2010-04-01"),
        ];
        Self {
            client: client.clone(),
            method: Method::POST,
            url: url.to_owned(),
            token: account.token.clone(),
            parameters: parameters.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
            headers: vec![("User-Agent".to_owned(), b"TwilioProxy/1.1".to_vec())],
            signature: Signature::Genuine,
            content_type: Some(FORM.to_owned()),
            body: None,
            port: None,
        }
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sends it to another process, as a balancer does: the signature stays that of the public URL.
    pub(crate) fn at(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Makes it a GET, with the parameters in its query.
    pub(crate) fn get(self) -> Self {
        self.method(Method::GET)
    }

    /// Sets a parameter, or adds one that is not there yet.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => return self.add(name, value),
        }
        self
    }

    /// Adds a parameter, even a second one of the same name.
    pub(crate) fn add(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn content_type(mut self, content_type: Option<&str>) -> Self {
        self.content_type = content_type.map(ToOwned::to_owned);
        self
    }

    /// Signs with another token.
    pub(crate) fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// Sets the signature header; none when absent.
    pub(crate) fn signature(mut self, signature: Option<&str>) -> Self {
        self.signature =
            signature.map_or(Signature::Absent, |text| Signature::Given(text.to_owned()));
        self
    }

    /// Sets the body in place of the form. The signature stays that of the parameters.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Signature of the current parameters.
    pub(crate) fn genuine_signature(&self) -> String {
        match self.method {
            Method::GET | Method::HEAD => sign(&self.token, &self.full_url(), &[]),
            _ => sign(&self.token, &self.url, &self.parameters),
        }
    }

    /// Parameters as an encoded form.
    pub(crate) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish()
    }

    fn full_url(&self) -> String {
        match self.method {
            Method::GET | Method::HEAD => format!("{}?{}", self.url, self.encoded()),
            _ => self.url.clone(),
        }
    }

    /// Sends the request once.
    pub(crate) async fn send(&self) -> reqwest::Result<Answer> {
        let mut url = reqwest::Url::parse(&self.full_url()).expect("the URL is one");
        if self.port.is_some() {
            url.set_port(self.port).expect("an HTTP URL has a port");
        }
        let mut request = self.client.request(self.method.clone(), url);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        request = match &self.signature {
            Signature::Genuine => request.header("X-Twilio-Signature", self.genuine_signature()),
            Signature::Given(text) => request.header("X-Twilio-Signature", text),
            Signature::Absent => request,
        };
        if !matches!(self.method, Method::GET | Method::HEAD) {
            if let Some(content_type) = &self.content_type {
                request = request.header("Content-Type", content_type);
            }
            request = request.body(self.body.clone().unwrap_or_else(|| self.encoded().into()));
        } else if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        Answer::read(request.send().await?).await
    }

    /// Sends the request with retries, like Twilio, until the response is below 500.
    pub(crate) async fn send_until_accepted(&self) -> Answer {
        let deadline = tokio::time::Instant::now() + super::PATIENCE * 3;
        loop {
            match self.send().await {
                Ok(answer) if answer.status < 500 => return answer,
                outcome => assert!(
                    tokio::time::Instant::now() < deadline,
                    "not accepted for a minute: {outcome:?}"
                ),
            }
            // Shortened pause of a provider between two attempts.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// HTTP client that follows no redirect and uses no proxy.
pub(super) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Twilio gives up on a webhook after 15 seconds.
        .timeout(Duration::from_secs(15))
        .build()
        .unwrap()
}
