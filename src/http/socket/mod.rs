//! Sockets of browsers and programs (RFC 6455): the upgrade, and what is refused before it.

use actix_web::http::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse, rt};

use super::AppState;
use super::client::client_address;
use super::response::{method_not_allowed, plain_text, set_header};
use crate::engine::sockets::Opening;
use crate::model::token::Token;

mod fragments;
mod frame_limit;
mod origin;
mod pump;
mod watch;

use frame_limit::LimitedFrames;
use origin::{OwnNames, may_connect};
use pump::Pump;

/// Opens a socket of a topic. The query is not looked at: what it holds would be in logs of proxies.
pub(super) async fn open(
    topic: &str,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let server = state.sockets.iter().find(|server| server.topic().as_str() == topic);
    let Some(server) = server.cloned() else {
        return plain_text(StatusCode::NOT_FOUND, "no topic of this name has sockets");
    };
    if let Some(refusal) = refusal(&request, &state, &server.settings().origins) {
        return refusal;
    }
    let Ok(payload) = limited(&request, payload, server.settings().max_frame).await else {
        return plain_text(StatusCode::BAD_REQUEST, "the request cannot be read");
    };
    let offered = list(request.headers(), &SEC_WEBSOCKET_PROTOCOL);
    let borrowed: Vec<&str> = offered.iter().map(String::as_str).collect();
    let chosen: Vec<&str> = server.subprotocol(&borrowed).into_iter().collect();
    let handled = actix_ws::handle_with_protocols(&request, payload, &chosen);
    let Ok((response, session, frames)) = handled else {
        return plain_text(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing or malformed");
    };
    let peer = request.peer_addr().map(|peer| peer.ip());
    let address = client_address(peer, request.headers(), state.trust_forwarded);
    let session_token = bearer(request.headers());
    let stop = state.stop.clone();
    rt::spawn(async move {
        let protocols = offered.iter().map(String::as_str).collect();
        let opening = Opening { address, protocols, session: session_token };
        Pump { server, session, frames }.run(opening, stop).await;
    });
    response
}

/// Refuses a request that opens no socket, or that a page of another site makes.
fn refusal(request: &HttpRequest, state: &AppState, origins: &[String]) -> Option<HttpResponse> {
    if request.method() != Method::GET {
        return Some(method_not_allowed("GET"));
    }
    let headers = request.headers();
    let is_upgrade = list(headers, &UPGRADE).iter().any(|it| it.eq_ignore_ascii_case("websocket"));
    let is_known = headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    if !is_upgrade || !is_known || !request.head().upgrade() {
        let text = "this is the address of a WebSocket; open it with a client of RFC 6455";
        let mut response = plain_text(StatusCode::UPGRADE_REQUIRED, text);
        set_header(&mut response, UPGRADE, "websocket");
        set_header(&mut response, SEC_WEBSOCKET_VERSION, "13");
        return Some(response);
    }
    let own = OwnNames {
        public_url: state.public_url.as_deref(),
        trust_forwarded: state.trust_forwarded,
    };
    if !may_connect(headers, own, origins) {
        let text = "pages of this origin may not connect; \
                    list it under websocket.origins of the topic, or set PUBLIC_URL";
        return Some(plain_text(StatusCode::FORBIDDEN, text));
    }
    None
}

/// Limits the length of the frames.
async fn limited(
    request: &HttpRequest,
    payload: Payload,
    max_frame: usize,
) -> Result<Payload, actix_web::Error> {
    let frames = LimitedFrames::new(payload, max_frame);
    let mut payload = actix_web::dev::Payload::Stream { payload: Box::pin(frames) as _ };
    Payload::from_request(request, &mut payload).await
}

/// Returns the items of a list, which may be split over several headers.
fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lists = headers.get_all(name).filter_map(|value| value.to_str().ok());
    let items = lists.flat_map(|list| list.split(',')).map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Returns the session token of a program; browsers cannot send one here.
fn bearer(headers: &HeaderMap) -> Option<Token> {
    let value: &HeaderValue = headers.get(AUTHORIZATION)?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::new(token.trim()))
}
