//! Access to the operator's page: login, back-off, roles, the end of a session.

use fantoccini::key::Key;
use serde_json::json;

use super::accessibility::assert_accessible;
use super::admin::NOTICE;
use super::layout::assert_fits;
use super::page::Page;
use crate::flows::ROULETTE;
use crate::support::{Deployment, Setup};

const WRITE: &str = "Vq7x9Lw-3fRzHb2c-write-of-the-tests";
const READ: &str = "m4Kt8Zp-6sYdNc1v-read-of-the-tests";

const PROBLEM: &str = "document.getElementById('login-problem').textContent";
const IS_DOOR: &str = "document.getElementById('door').checkVisibility()";

async fn deployment() -> Deployment {
    let setup = Setup::new(ROULETTE).workers(0).own_redis();
    let deployment = setup.env("ADMIN_TOKEN", WRITE).env("ADMIN_READ_TOKEN", READ).start().await;
    deployment.keep_secret(WRITE);
    deployment.keep_secret(READ);
    deployment
}

/// Opens the page, which asks for a token.
async fn door(deployment: &Deployment) -> Page {
    let page = Page::visit(&deployment.url("/admin")).await;
    page.sees("document.activeElement.id", "token").await;
    page
}

async fn show_token(page: &Page, token: &str) {
    let keys = format!("{token}{}", char::from(Key::Enter));
    page.find("#token").await.send_keys(&keys).await.unwrap();
}

/// Status of a call of the API by a script of the page, with its cookie.
async fn status(page: &Page, method: &str, path: &str) -> serde_json::Value {
    let call = "return fetch(arguments[1], { method: arguments[0] }).then(({ status }) => status)";
    page.client().execute(call, vec![json!(method), json!(path)]).await.unwrap()
}

#[tokio::test]
async fn wrong_tokens_are_refused_and_then_delayed() {
    let deployment = deployment().await;
    let page = door(&deployment).await;
    for width in [390, 820, 1400] {
        page.resize(width, 844, 1.0).await;
        assert_fits(&page, "the login").await;
        assert_accessible(&page, "the login").await;
        page.picture(&format!("admin-login-{width}")).await;
    }
    show_token(&page, "a wrong token").await;
    page.sees(PROBLEM, "The token is wrong.").await;
    let is_delayed = |shown: &serde_json::Value| {
        shown.as_str().is_some_and(|it| it.starts_with("Too many wrong tokens. Try again in "))
    };
    for _ in 0..10 {
        page.sees("document.querySelector('#login button').disabled", false).await;
        if is_delayed(&page.value(PROBLEM, &[]).await) {
            break;
        }
        show_token(&page, "a wrong token").await;
        let is_answered = "document.querySelector('#login button').disabled === false
            || document.getElementById('login-problem').textContent.startsWith('Too many')";
        page.sees(is_answered, true).await;
        if is_delayed(&page.value(PROBLEM, &[]).await) {
            break;
        }
    }
    page.until(PROBLEM, &[], is_delayed).await;
    page.sees("document.querySelector('#login button').disabled", true).await;
    page.sees(PROBLEM, "Try again now.").await;
    show_token(&page, WRITE).await;
    page.is_live().await;
}

#[tokio::test]
async fn read_token_shows_everything_and_offers_no_action() {
    let deployment = deployment().await;
    let page = door(&deployment).await;
    show_token(&page, READ).await;
    page.is_live().await;
    page.sees("document.querySelector('.foot .tag').textContent", "Read only").await;
    let controls = "document.querySelectorAll('#main .primary, #main .danger, #main .acts, \
                    #main form.fields:not([role=search])').length";
    for section in super::admin::SECTIONS {
        page.move_to(section).await;
        page.sees("document.querySelectorAll('#main .quiet').length", 0).await;
        let offered = page.value(controls, &[]).await;
        let trace = u8::from(section == "trace");
        assert_eq!(offered, json!(trace), "{section} offers an action");
    }
    assert_eq!(status(&page, "POST", "/admin/api/pauses").await, json!(403));
    assert_eq!(status(&page, "GET", "/admin/api/dead?topic=roulette&show=1").await, json!(403));
}

#[tokio::test]
async fn session_ends_by_logging_out_and_by_another_token() {
    let deployment = deployment().await;
    let page = door(&deployment).await;
    show_token(&page, WRITE).await;
    page.is_live().await;
    page.client().refresh().await.unwrap();
    page.is_live().await;
    page.click(".foot button").await;
    page.sees(IS_DOOR, true).await;
    assert_eq!(status(&page, "GET", "/admin/api/overview").await, json!(401));

    show_token(&page, READ).await;
    page.is_live().await;
    page.move_to("config").await;
    // The cookie is lost while the page is open, as when the session ends by its time.
    page.client().delete_all_cookies().await.unwrap();
    page.sees(PROBLEM, "The session has ended. Log in again.").await;
    show_token(&page, WRITE).await;
    page.sees("document.querySelector('#main h1').textContent", "Configuration").await;
    page.sees(NOTICE, "").await;
}
