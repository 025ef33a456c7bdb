//! Routes of the server, and connections that are closed without a response.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use actix_web::dev::Extensions;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, DATE, RETRY_AFTER};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use rustix::net::{Shutdown, shutdown};

use super::api::{self, Call};
use super::form::Form;
use super::refusal::Refusal;
use super::reply::Reply;
use super::state::State;
use super::{control, page};
use crate::model::clock::{Clock, SystemClock};

/// A connection that can be closed from within a request.
struct Connection(OwnedFd);

/// Keeps a handle on a new connection.
pub(super) fn keep(connection: &dyn Any, extensions: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>();
    if let Some(Ok(descriptor)) = stream.map(|it| it.as_fd().try_clone_to_owned()) {
        extensions.insert(Connection(descriptor));
    }
}

pub(super) fn configure(config: &mut ServiceConfig, state: &Data<Arc<State>>) {
    config
        .app_data(Data::clone(state))
        .configure(control::configure)
        .route("/", web::get().to(page::show))
        .default_service(web::to(serve));
}

/// Answers a request to the API.
async fn serve(request: HttpRequest, body: Bytes, state: Data<Arc<State>>) -> HttpResponse {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let call = Call {
        method: request.method(),
        path: request.path(),
        query: Form::parse(request.query_string().as_bytes()),
        form: Form::parse(&body),
        authorization,
    };
    let reply = api::answer(&state, &call).await;
    let delays = state.delays();
    if !delays.latency.is_zero() {
        tokio::time::sleep(delays.latency).await;
    }
    let mut response = response(&request, reply).await;
    if !delays.clock_ahead.is_zero() {
        let now = SystemClock.now() + delays.clock_ahead;
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let date = date.parse().expect("a date is a header's value");
        response.headers_mut().insert(DATE, date);
    }
    response
}

async fn response(request: &HttpRequest, reply: Reply) -> HttpResponse {
    match reply {
        Reply::Json(status, json) => builder(status).json(json),
        Reply::Empty => HttpResponse::NoContent().finish(),
        Reply::Refused(refusal) => refused(refusal).json(refusal.to_json()),
        Reply::Throttled(retry_after) => {
            let refusal = Refusal::of(20429);
            let mut builder = refused(refusal);
            if let Some(seconds) = retry_after {
                builder.insert_header((RETRY_AFTER, seconds.to_string()));
            }
            builder.json(refusal.to_json())
        }
        Reply::Page(status) => {
            let page = "<html><body>upstream error</body></html>";
            builder(status).content_type("text/html").body(page)
        }
        Reply::Cut(time) => {
            tokio::time::sleep(time).await;
            if let Some(Connection(descriptor)) = request.conn_data::<Connection>() {
                let _ = shutdown(descriptor, Shutdown::Both);
            }
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn refused(refusal: Refusal) -> HttpResponseBuilder {
    let mut builder = builder(refusal.status);
    builder.insert_header(("X-Twilio-Error-Code", refusal.code.to_string()));
    builder
}

fn builder(status: u16) -> HttpResponseBuilder {
    // A status of the control API may be none.
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponseBuilder::new(status)
}
