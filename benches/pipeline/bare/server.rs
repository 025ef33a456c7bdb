//! Bare process: an echo, a relay, and loops that send.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::web::{Bytes, Data, Path, post};
use actix_web::{App, HttpResponse, HttpServer, rt};
use crosswire::contracts::transport::Transport;
use crosswire::model::address::Address;
use crosswire::model::message::{Outbound, Text};
use crosswire::transports::twilio::{Twilio, TwilioConfig, TwilioOptions};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;

use crate::load::CONNECTIONS;
use crate::stack::{ACCOUNT, LINE, TOKEN};

/// Body of the answer of `web`.
const ANSWER: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;
const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Clone)]
struct Way {
    client: Client,
    url: String,
    twilio: Arc<Twilio>,
}

/// Serves a port, and sends to the provider of a URL.
pub(crate) fn serve(port: u16, provider: &str) {
    let way = Way::to(provider);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(way.clone()))
            .route("/echo", post().to(echo))
            .route("/relay", post().to(relay))
            .route("/post/{count}", post().to(post_all))
            .route("/send/{count}", post().to(send_all))
    });
    let server = server.tcp_nodelay(true).bind(("127.0.0.1", port)).unwrap();
    rt::System::new().block_on(server.run()).unwrap();
}

impl Way {
    fn to(provider: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().unwrap();
        let config = TwilioConfig {
            account_sid: ACCOUNT.to_owned(),
            auth_token: Some(TOKEN.into()),
            auth_token_secondary: None,
            api_key: None,
            api_secret: None,
            from_number: Some(LINE.to_owned()),
            messaging_service_sid: None,
            api_base: provider.to_owned(),
            status_callback: Some("http://127.0.0.1:62023/status/roulette".to_owned()),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            options: TwilioOptions::default(),
        };
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            url: format!("{provider}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"),
            twilio: Arc::new(Twilio::new(config).unwrap()),
        }
    }

    async fn post(&self, body: Bytes) {
        let request = self.client.post(&self.url).basic_auth(ACCOUNT, Some(TOKEN));
        let response = request.header(CONTENT_TYPE, FORM).body(body).send().await.unwrap();
        response.bytes().await.unwrap();
    }
}

async fn echo(_: Bytes) -> HttpResponse {
    answer()
}

/// Sends a text to the number that it came from, which is one more than nothing.
async fn relay(body: Bytes, way: Data<Way>) -> HttpResponse {
    rt::spawn(async move {
        let text: HashMap<_, _> = form_urlencoded::parse(&body).collect();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", &text["From"]).append_pair("From", &text["To"]);
        form.append_pair("Body", &format!("Stranger: {}", text["Body"]));
        way.post(form.finish().into()).await;
    });
    answer()
}

fn answer() -> HttpResponse {
    HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(ANSWER)
}

/// Posts a body again and again.
async fn post_all(count: Path<usize>, body: Bytes, way: Data<Way>) -> HttpResponse {
    repeat(*count, async || way.post(body.clone()).await).await
}

/// Sends the message of a body again and again, as the worker's transport does.
async fn send_all(count: Path<usize>, body: Bytes, way: Data<Way>) -> HttpResponse {
    let form: HashMap<_, _> = form_urlencoded::parse(&body).collect();
    let to = Address::new("twilio", &form["To"], &form["From"]);
    let mut message = Outbound::new(to, Text::new(&*form["Body"]), Vec::new(), None);
    let callback = form["StatusCallback"].split_once("r=");
    message.reference = callback.map(|(_, reference)| reference.to_owned());
    repeat(*count, async || {
        way.twilio.send(&message).await.unwrap();
    })
    .await
}

/// Runs an action several times, as many at once as the load has connections.
async fn repeat(count: usize, action: impl AsyncFn()) -> HttpResponse {
    let begun = AtomicUsize::new(0);
    let lane = || async {
        while begun.fetch_add(1, Ordering::Relaxed) < count {
            action().await;
        }
    };
    futures_util::future::join_all((0..CONNECTIONS).map(|_| lane())).await;
    HttpResponse::Ok().finish()
}
