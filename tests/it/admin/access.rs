//! Rights of visitors, and the ways to prove them.

use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

use super::{ANNA, READ, TOPICS, WRITE, call, setup};
use crate::support::{Deployment, LINE, Setup};

const SESSION: &str = "/admin/api/session";

/// Logs in, and returns the cookie and the token against other sites.
async fn log_in(deployment: &Deployment, token: &str) -> (String, String) {
    let call = deployment.call("POST", SESSION).json(&json!({ "token": token }));
    let response = call.send().await.unwrap();
    assert_eq!(response.status(), 204);
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["Path=/admin", "HttpOnly", "SameSite=Strict", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let shown = deployment.call("GET", SESSION).header("Cookie", &cookie).send().await.unwrap();
    let shown: Value = shown.json().await.unwrap();
    (cookie, shown["csrf"].as_str().unwrap().to_owned())
}

async fn post_with(deployment: &Deployment, headers: &[(&str, &str)]) -> u16 {
    let call = deployment.call("POST", "/admin/api/pauses").json(&json!({ "topic": "echo" }));
    let call = headers.iter().fold(call, |call, (name, value)| call.header(*name, *value));
    call.send().await.unwrap().status().as_u16()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn operators_page_without_a_token_is_no_route() {
    let deployment = Setup::new(TOPICS).start().await;
    for path in ["/admin", "/admin/", "/admin/api/session", "/admin/assets/index.html"] {
        let (hidden, nowhere) =
            (deployment.get(path).await.unwrap(), deployment.get("/nowhere").await.unwrap());
        assert_eq!((hidden.status, hidden.body), (404, nowhere.body), "{path}");
    }
}

#[tokio::test]
async fn logged_out_visitor_sees_the_page_and_nothing_else() {
    let deployment = setup().start().await;
    let page = deployment.call("GET", "/admin").send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = header(page.headers(), "content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(header(page.headers(), "x-content-type-options"), "nosniff");
    let session = deployment.call("GET", SESSION).send().await.unwrap();
    assert_eq!(header(session.headers(), "cache-control"), "no-store");
    let session: Value = session.json().await.unwrap();
    assert_eq!((&session["role"], &session["csrf"]), (&Value::Null, &Value::Null));
    for path in ["overview", "dead", "stuck", "config", "audit", "bans", "trace?q=1", "nothing"] {
        let answer = deployment.call("GET", &format!("/admin/api/{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["error"]["code"], "logged_out", "{path}");
    }
}

#[tokio::test]
async fn token_for_reading_changes_and_reveals_nothing() {
    let deployment = setup().start().await;
    for path in ["overview", "history?topic=echo", "stuck", "dead", "lines?topic=echo", "reports"] {
        assert_eq!(call(&deployment, READ, ("GET", path), None).await.0, 200, "{path}");
    }
    for path in ["bans", "optouts", "config", "audit", "trace?q=1"] {
        assert_eq!(call(&deployment, READ, ("GET", path), None).await.0, 200, "{path}");
    }
    for path in
        ["dead?show=1", "reports?show=1", "bans?show=1", "optouts?show=1", "trace?q=1&show=1"]
    {
        let (status, answer) = call(&deployment, READ, ("GET", path), None).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("read_only")), "{path}");
    }
    for path in [
        "trace",
        "dead/search",
        "dead/export",
        "dead/replay",
        "dead/drop",
        "pauses",
        "pauses/resume",
        "budgets/resume",
        "bans",
        "bans/lift",
        "optouts",
        "optouts/remove",
    ] {
        let body = json!({ "topic": "echo", "number": ANNA, "all": true });
        let (status, answer) = call(&deployment, READ, ("POST", path), Some(body)).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("read_only")), "{path}");
    }
    assert_eq!(call(&deployment, READ, ("GET", "audit"), None).await.1, json!({ "entries": [] }));
}

#[tokio::test]
async fn unusable_query_is_refused_as_json_without_its_text() {
    let deployment = setup().start().await;
    for path in [
        "audit?limit=many",
        "dead?before=echo/0/inbound/xyz",
        "dead?person=%2B14155550101",
        "bans?number=%2B14155550101",
        "reports?number=%2B14155550101",
        "optouts?number=%2B14155550101",
        "trace?q=%2B14155550101",
        "trace?q=whatsapp:%2B14155550101",
        "trace?q=14155550101",
    ] {
        let (status, answer) = call(&deployment, WRITE, ("GET", path), None).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("invalid")), "{path} {answer}");
        assert!(!answer.to_string().contains("4155550101"), "{answer}");
    }
    let body = json!({ "ids": ["echo/0/inbound/xyz"] });
    assert_eq!(call(&deployment, WRITE, ("POST", "dead/replay"), Some(body)).await.0, 400);
}

#[tokio::test]
async fn login_stands_in_the_audit_log_beside_changes() {
    let deployment = setup().start().await;
    let body = json!({ "topic": "echo" });
    assert_eq!(call(&deployment, WRITE, ("POST", "pauses"), Some(body)).await.0, 204);
    log_in(&deployment, READ).await;
    let audit = call(&deployment, READ, ("GET", "audit"), None).await.1;
    let actions: Vec<_> =
        audit["entries"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(actions, ["login", "pause"], "the newest first");
}

#[tokio::test]
async fn line_is_masked_for_the_token_for_reading() {
    let deployment = setup().start().await;
    let (_, lines) = call(&deployment, WRITE, ("GET", "lines?topic=echo"), None).await;
    let mut scopes =
        lines["lines"].as_array().unwrap().iter().map(|it| it["scope"].as_str().unwrap());
    let scope = scopes.rfind(|it| it.contains(LINE)).expect("the transport has a line");
    let body = json!({ "topic": "echo", "scope": scope });
    assert_eq!(call(&deployment, WRITE, ("POST", "pauses"), Some(body)).await.0, 204);
    for path in ["lines?topic=echo", "overview"] {
        let shown = call(&deployment, READ, ("GET", path), None).await.1.to_string();
        assert!(shown.contains("***06") && !shown.contains(LINE), "{path}: {shown}");
    }
}

#[tokio::test]
async fn session_changes_nothing_without_its_token_or_from_another_site() {
    let deployment = setup().start().await;
    let (cookie, csrf) = log_in(&deployment, WRITE).await;
    let (cookie, csrf) = (("Cookie", cookie.as_str()), ("X-CSRF-Token", csrf.as_str()));
    assert_eq!(post_with(&deployment, &[cookie]).await, 403);
    assert_eq!(post_with(&deployment, &[cookie, ("X-CSRF-Token", "guessed")]).await, 403);
    for site in ["cross-site", "same-site"] {
        assert_eq!(post_with(&deployment, &[cookie, csrf, ("Sec-Fetch-Site", site)]).await, 403);
    }
    let own = ("Sec-Fetch-Site", "same-origin");
    assert_eq!(post_with(&deployment, &[cookie, csrf, own]).await, 204);
    let (reader, of_reader) = log_in(&deployment, READ).await;
    let of_reader = ("X-CSRF-Token", of_reader.as_str());
    assert_eq!(post_with(&deployment, &[("Cookie", &reader), of_reader, own]).await, 403);
    let altered = format!("{}x", cookie.1);
    assert_eq!(post_with(&deployment, &[("Cookie", &altered), csrf, own]).await, 401);
}

#[tokio::test]
async fn wrong_tokens_are_delayed_longer_each_time() {
    let deployment = setup().start().await;
    let attempt = async |token: &str| {
        let call = deployment.call("POST", SESSION).json(&json!({ "token": token }));
        call.send().await.unwrap()
    };
    let mut refused = attempt("a wrong token").await;
    for _ in 0..20 {
        if refused.status() == 429 {
            break;
        }
        assert_eq!(refused.status(), 401);
        refused = attempt("a wrong token").await;
    }
    assert_eq!(refused.status(), 429);
    assert!(header(refused.headers(), "retry-after").parse::<u64>().unwrap() >= 1);
    let answer: Value = refused.json().await.unwrap();
    assert!(answer["retry_after"].as_u64().unwrap() >= 1, "{answer}");
}

#[tokio::test]
async fn dev_is_open_to_this_machine_alone() {
    let deployment = Setup::dev(TOPICS).embedded().start().await;
    let session = |host: &str| deployment.call("GET", SESSION).header("Host", host).send();
    let local: Value = session("localhost").await.unwrap().json().await.unwrap();
    assert_eq!((&local["role"], &local["local"]), (&json!("write"), &json!(true)));
    assert_eq!(session("example.com").await.unwrap().status(), 404);
    let foreign = [("Host", "localhost"), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(post_with(&deployment, &foreign).await, 403);
    let shown = deployment.call("GET", "/admin/api/dead?show=1").header("Host", "localhost");
    let shown = shown.header("Sec-Fetch-Site", "cross-site").send().await.unwrap();
    assert_eq!(shown.status(), 403);
    let audit = deployment.call("GET", "/admin/api/audit").header("Host", "localhost");
    let audit: Value = audit.send().await.unwrap().json().await.unwrap();
    assert_eq!(audit["entries"], json!([]));
}
