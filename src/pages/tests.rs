//! Tests of the routes: headers, methods, and the values in the pages.

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    PERMISSIONS_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service};
use regex::Regex;

use super::*;

const PATHS: [&str; 4] = ["/room/new", "/room/join", "/devices", "/roulette"];

fn state(rooms: &str, devices: &str, roulette: &str) -> PagesState {
    let topic = |name: &str| name.parse().ok();
    PagesState {
        rooms: topic(rooms),
        devices: topic(devices),
        roulette: topic(roulette),
        rooms_number: None,
    }
}

fn all() -> PagesState {
    state("chat", "broker", "lobby")
}

async fn call(state: PagesState, request: TestRequest) -> ServiceResponse {
    let state = Data::new(state);
    let app = App::new().configure(|config| configure(config, &state));
    call_service(&init_service(app).await, request.to_request()).await
}

async fn get(state: PagesState, path: &str) -> ServiceResponse {
    call(state, TestRequest::get().uri(path)).await
}

async fn text(response: ServiceResponse) -> String {
    let body = to_bytes(response.into_body()).await.expect("the body is in memory");
    String::from_utf8(body.to_vec()).expect("it is text")
}

fn header(response: &ServiceResponse, name: impl actix_web::http::header::AsHeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("it is ASCII"))
}

/// Addresses of the assets that a page names.
fn assets(html: &str) -> Vec<String> {
    let link = Regex::new(r#"(?:href|src)="(/assets/[^"]+)""#).expect("the pattern is fixed");
    link.captures_iter(html).map(|found| found[1].to_owned()).collect()
}

#[actix_web::test]
async fn pages_forbid_inline_code_frames_referrers_and_caches() {
    let inline = Regex::new(r"<style|\sstyle=|\son\w+=|<script[^>]*>[^<]").expect("it is fixed");
    for path in PATHS {
        let response = get(all(), path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = header(&response, CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(policy.contains("connect-src 'self' ws: wss:"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&response, REFERRER_POLICY), "no-referrer");
        assert_eq!(header(&response, X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&response, CACHE_CONTROL), "no-store");
        assert!(header(&response, PERMISSIONS_POLICY).contains("camera=()"));
        assert_eq!(header(&response, CONTENT_TYPE), "text/html; charset=utf-8");
        let html = text(response).await;
        assert!(!inline.is_match(&html), "{path} has inline code or styles");
    }
}

#[actix_web::test]
async fn page_exists_only_with_its_topic() {
    for (state, found) in [
        (state("chat", "", ""), [true, true, false, false]),
        (state("", "broker", ""), [false, false, true, false]),
        (state("", "", "lobby"), [false, false, false, true]),
    ] {
        for (path, exists) in PATHS.into_iter().zip(found) {
            let status = get(state.clone(), path).await.status();
            let expected = if exists { StatusCode::OK } else { StatusCode::NOT_FOUND };
            assert_eq!(status, expected, "{path}");
        }
    }
}

#[actix_web::test]
async fn page_names_the_socket_of_its_topic() {
    for (path, topic) in PATHS.into_iter().zip(["chat", "chat", "broker", "lobby"]) {
        let html = text(get(all(), path).await).await;
        assert!(html.contains(&format!(r#"data-topic="{topic}" data-socket="/ws/{topic}""#)));
    }
}

#[actix_web::test]
async fn number_for_phones_is_in_the_page_only_when_there_is_one() {
    let html = text(get(all(), "/room/join").await).await;
    assert!(!html.contains("data-number"));
    let numbered = PagesState { rooms_number: Some("+1 415 555 0100".to_owned()), ..all() };
    let html = text(get(numbered, "/room/join").await).await;
    assert!(html.contains(r#"data-number="+1 415 555 0100""#));
}

#[actix_web::test]
async fn token_in_the_query_is_not_in_the_page() {
    let plain = text(get(all(), "/room/join").await).await;
    let html = text(get(all(), "/room/join?room=c2VjcmV0.dG9rZW4&name=Ann").await).await;
    assert_eq!(html, plain);
}

#[actix_web::test]
async fn pages_and_assets_are_read_and_never_posted_to() {
    let html = text(get(all(), "/devices").await).await;
    let asset = assets(&html).remove(0);
    for path in PATHS.into_iter().chain([asset.as_str()]) {
        let request = |method| TestRequest::default().method(method).uri(path);
        assert_eq!(call(all(), request(Method::HEAD)).await.status(), StatusCode::OK, "{path}");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = call(all(), request(method)).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
            assert_eq!(header(&response, ALLOW), "GET, HEAD");
        }
    }
}

#[actix_web::test]
async fn assets_of_the_present_version_are_cached_for_good() {
    let html = text(get(all(), "/room/join").await).await;
    let named = assets(&html);
    assert!(named.len() >= 4, "{named:?}");
    for path in named {
        let response = get(all(), &path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&response, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header(&response, X_CONTENT_TYPE_OPTIONS), "nosniff");
        let tag = header(&response, ETAG).to_owned();
        let again = TestRequest::get().uri(&path).insert_header((IF_NONE_MATCH, tag));
        assert_eq!(call(all(), again).await.status(), StatusCode::NOT_MODIFIED);
    }
}

#[actix_web::test]
async fn assets_of_another_version_are_not_cached() {
    let response = get(all(), "/assets/pages/0123456789abcdef/socket.js").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, CACHE_CONTROL), "no-cache");
    assert_eq!(header(&response, CONTENT_TYPE), "text/javascript");
    for missing in ["/assets/pages/x/none.js", "/assets/pages/x/..%2Fmod.rs", "/assets/pages/x"] {
        assert_eq!(get(all(), missing).await.status(), StatusCode::NOT_FOUND, "{missing}");
    }
}
