//! The doors: which path leads where. The web server's own types live here and in `app` alone.

use std::sync::Arc;

use actix_web::http::header::ALLOW;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::contracts::storage::{SafetyCheck, Storage};
use crate::engine::intake::Intake;

pub mod answer;
pub mod body;
mod health;
mod request;
mod webhook;

use answer::sentence;

/// What stands behind the doors.
pub struct AppState {
    pub intake: Intake,
    pub storage: Arc<dyn Storage>,
    /// What `GET /` says.
    pub greeting: String,
    /// Paths beside `/queue/<topic>`, and the topic that each belongs to.
    pub paths: Vec<(String, String)>,
    /// How providers see us, when that is known.
    pub public_url: Option<String>,
    /// Whether to believe `X-Forwarded-Proto` and `X-Forwarded-Host`.
    pub trust_forwarded: bool,
    /// Safety checks of the store that the operator has waived.
    pub waived: Vec<SafetyCheck>,
}

/// Opens every door.
pub fn configure(config: &mut ServiceConfig, doors: &Data<AppState>) {
    config.app_data(Data::clone(doors));
    for (path, answer) in
        [("/", Page::Greeting), ("/healthz", Page::Health), ("/readyz", Page::Readiness)]
    {
        let page = move |request: HttpRequest, doors: Data<AppState>| show(answer, request, doors);
        config.service(web::resource(path).to(page));
    }
    // Either `<topic>` or `<topic>/<transport>`; the intake knows which ones exist.
    for pattern in ["/queue/{route:.+}", "/status/{route:.+}"] {
        let call = |request, payload, route: Path<String>, doors| {
            webhook::receive(route.into_inner(), request, payload, doors)
        };
        config.service(web::resource(pattern).to(call));
    }
    for (path, topic) in &doors.paths {
        let topic = topic.clone();
        let call = move |request: HttpRequest, payload: Payload, doors: Data<AppState>| {
            webhook::receive(topic.clone(), request, payload, doors)
        };
        config.service(web::resource(path.as_str()).to(call));
    }
    config.default_service(web::to(answer::nothing));
}

/// What can be read, by anybody.
#[derive(Clone, Copy)]
enum Page {
    Greeting,
    Health,
    Readiness,
}

async fn show(page: Page, request: HttpRequest, doors: Data<AppState>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal =
            sentence(StatusCode::METHOD_NOT_ALLOWED, "method not allowed; allowed are GET, HEAD");
        answer::set(&mut refusal, ALLOW, "GET, HEAD");
        return refusal;
    }
    match page {
        Page::Greeting => sentence(StatusCode::OK, doors.greeting.trim_end()),
        Page::Health => sentence(StatusCode::OK, "ok"),
        Page::Readiness => health::readiness(&doors).await,
    }
}
