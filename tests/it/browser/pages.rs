//! The pages for people before anything is said: layout, accessibility, the token in the address.

use std::net::Ipv4Addr;

use actix_web::web::Data;
use actix_web::{App, HttpServer};
use crosswire::pages::{PagesState, configure};
use fantoccini::key::Key;

use super::accessibility::assert_accessible;
use super::layout::assert_fits;
use super::page::Page;

const PATHS: [&str; 4] = ["/room/new", "/room/join?room=a.b", "/devices", "/roulette"];

/// Serves the pages alone, without their sockets, and returns the address.
pub(super) fn serve() -> String {
    let topic = |name: &str| name.parse().ok();
    let state = Data::new(PagesState {
        rooms: topic("rooms"),
        devices: topic("devices"),
        roulette: topic("roulette"),
        rooms_number: None,
    });
    let server = HttpServer::new(move || App::new().configure(|config| configure(config, &state)))
        .workers(1)
        .disable_signals()
        .bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap();
    let address = server.addrs()[0];
    tokio::spawn(server.run());
    format!("http://{address}")
}

#[tokio::test]
async fn pages_without_a_connection_are_accessible_and_fit_every_window() {
    let server = serve();
    let page = Page::visit(&server).await;
    for path in PATHS {
        page.client().goto(&format!("{server}{path}")).await.unwrap();
        // The page's script has run.
        page.sees("document.querySelector('#main button:not([hidden])') !== null", true).await;
        for width in [320, 1280] {
            page.resize(width, 740, 1.0).await;
            assert_fits(&page, &format!("{path} of {width}")).await;
            assert_accessible(&page, &format!("{path} of {width}")).await;
            let name = path.split('?').next().unwrap().trim_matches('/').replace('/', "-");
            page.picture(&format!("{name}-{width}")).await;
        }
    }
}

#[tokio::test]
async fn room_token_leaves_the_address_at_once_and_is_shown_nowhere() {
    let server = serve();
    let page = Page::visit(&format!("{server}/devices")).await;
    for query in ["?room=c2VjcmV0.dG9rZW4", "#room=c2VjcmV0.dG9rZW4"] {
        page.client().goto(&format!("{server}/room/join{query}")).await.unwrap();
        page.sees("location.href", format!("{server}/room/join")).await;
        page.sees("document.documentElement.outerHTML.includes('dG9rZW4')", false).await;
        page.sees("sessionStorage.getItem('crosswire.rooms.token')", "\"c2VjcmV0.dG9rZW4\"").await;
    }
    // A reload keeps the token, and asks for the name again.
    page.client().refresh().await.unwrap();
    page.sees("document.getElementById('door').hidden", false).await;
    page.sees("document.activeElement.name", "name").await;
}

#[tokio::test]
async fn join_page_without_a_token_asks_for_the_code() {
    let page = Page::visit(&format!("{}/room/join", serve())).await;
    page.sees("document.activeElement.name", "code").await;
    page.press(&[Key::Tab, Key::Tab, Key::Tab]).await;
    page.sees("document.activeElement.getAttribute('href')", "/room/new").await;
}

#[tokio::test]
async fn draft_survives_a_missing_connection_and_a_reload() {
    let page = Page::visit(&format!("{}/roulette", serve())).await;
    page.sees("document.getElementById('connection').textContent", "Reconnecting").await;
    let typed = "document.querySelector('textarea').value";
    page.find("textarea")
        .await
        .send_keys(&format!("half{}", char::from(Key::Enter)))
        .await
        .unwrap();
    let problem = "document.getElementById('problem').textContent";
    page.sees(problem, "Not sent: there is no connection. Your text is kept.").await;
    page.sees(typed, "half").await;
    page.client().refresh().await.unwrap();
    page.sees(typed, "half").await;
    page.sees("document.querySelectorAll('.bubble').length", 0).await;
}
