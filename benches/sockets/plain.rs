//! Comparison: a web server that relays texts to the sockets of a room by Redis' pub/sub. It validates,
//! stores, orders and resumes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::web::{Data, Payload, get};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use actix_ws::{Message, MessageStream, Session};
use futures_util::StreamExt;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Ways to the sockets of each room.
type Rooms = HashMap<String, Vec<UnboundedSender<Arc<str>>>>;

#[derive(Clone)]
struct Relay {
    redis: MultiplexedConnection,
    rooms: Arc<Mutex<Rooms>>,
}

pub(crate) fn serve(port: u16, url: &str) {
    rt::System::new().block_on(async move {
        let client = redis::Client::open(url).unwrap();
        let redis = crate::pubsub::connect(&client).await;
        let relay = Relay { redis, rooms: Arc::default() };
        rt::spawn(relay.clone().follow(client));
        let shared = Data::new(relay);
        HttpServer::new(move || {
            let app = App::new().app_data(shared.clone());
            app.route("/ws/bench", get().to(room)).route("/ws/echo", get().to(echo))
        })
        .workers(2)
        .tcp_nodelay(true)
        .bind(("127.0.0.1", port))
        .unwrap()
        .run()
        .await
        .unwrap();
    });
}

impl Relay {
    /// Hands each published text to the sockets of its room.
    async fn follow(self, client: redis::Client) {
        let mut subscriber = client.get_async_pubsub().await.unwrap();
        subscriber.psubscribe("*").await.unwrap();
        let mut published = subscriber.on_message();
        while let Some(message) = published.next().await {
            let text: Arc<str> = message.get_payload::<String>().unwrap().into();
            let rooms = self.rooms.lock().unwrap();
            for socket in rooms.get(message.get_channel_name()).into_iter().flatten() {
                // A socket that has closed gets nothing more.
                let _ = socket.send(Arc::clone(&text));
            }
        }
    }

    async fn publish(&mut self, room: &str, line: &Value) {
        let mut publish = redis::cmd("PUBLISH");
        let () =
            publish.arg(room).arg(line.to_string()).query_async(&mut self.redis).await.unwrap();
    }

    async fn serve(mut self, session: Session, mut frames: MessageStream) {
        let Some(hello) = next(&mut frames).await else { return };
        let room = hello["room"].as_str().unwrap().to_owned();
        let (sender, lines) = unbounded_channel();
        self.rooms.lock().unwrap().entry(room.clone()).or_default().push(sender);
        rt::spawn(write(session, lines));
        self.publish(&room, &json!({"type": "joined", "who": hello["who"]})).await;
        while let Some(frame) = next(&mut frames).await {
            self.publish(&room, &json!({"type": "message", "text": frame["text"]})).await;
        }
    }
}

async fn write(mut session: Session, mut lines: UnboundedReceiver<Arc<str>>) {
    while let Some(line) = lines.recv().await {
        if session.text(&*line).await.is_err() {
            return;
        }
    }
}

async fn next(frames: &mut MessageStream) -> Option<Value> {
    match frames.next().await {
        Some(Ok(Message::Text(frame))) => serde_json::from_str(&frame).ok(),
        _ => None,
    }
}

async fn room(
    request: HttpRequest,
    body: Payload,
    relay: Data<Relay>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, frames) = actix_ws::handle(&request, body)?;
    rt::spawn(relay.as_ref().clone().serve(session, frames));
    Ok(response)
}

async fn echo(request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut frames) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        while let Some(Ok(Message::Text(frame))) = frames.next().await {
            if session.text(frame).await.is_err() {
                return;
            }
        }
    });
    Ok(response)
}
