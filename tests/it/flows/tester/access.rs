//! Authorization of the tester: the token, this machine's own names, other sites, guesses.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;

use super::{ANNA, TOPICS, dev};
use crate::support::{Answer, Deployment, Setup};

const TOKEN: &str = "Vq7: x9Lw 3fRz-Hb2c with a colon";

const ROUTES: [(&str, &str); 15] = [
    ("GET", "/tester"),
    ("POST", "/tester"),
    ("GET", "/tester/assets/icon.svg"),
    ("GET", "/tester/topics"),
    ("GET", "/tester/live"),
    ("GET", "/tester/script"),
    ("POST", "/tester/send"),
    ("POST", "/tester/again"),
    ("POST", "/tester/clear"),
    ("POST", "/tester/start-over"),
    ("POST", "/tester/fault"),
    ("POST", "/tester/segments"),
    ("GET", "/httptester/"),
    ("GET", "/httptester/strict/1112223333/"),
    ("POST", "/httptester/strict/"),
];

async fn call(
    deployment: &Deployment,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
) -> Answer {
    let call = deployment.call(method, path);
    let call = headers.iter().fold(call, |call, (name, value)| call.header(*name, *value));
    Answer::read(call.send().await.unwrap()).await.unwrap()
}

/// Calls from another address of the loopback network, so that it counts as another client.
async fn call_from(
    deployment: &Deployment,
    address: Ipv4Addr,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
) -> Answer {
    let client = reqwest::Client::builder().no_proxy().local_address(IpAddr::from(address));
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let call = client.build().unwrap().request(method, deployment.url(path));
    let call = headers.iter().fold(call, |call, (name, value)| call.header(*name, *value));
    Answer::read(call.send().await.unwrap()).await.unwrap()
}

async fn with_token() -> Deployment {
    let deployment = Setup::new(TOPICS).own_redis().env("ADMIN_TOKEN", TOKEN).start().await;
    deployment.keep_secret(TOKEN);
    deployment
}

#[tokio::test]
async fn deployment_without_token_hides_the_tester() {
    let deployment = Setup::new(TOPICS).own_redis().start().await;
    let nowhere = deployment.get("/nowhere").await.unwrap();
    for route in ROUTES {
        for headers in [&[][..], &[("Authorization", "Bearer ")], &[("Host", "localhost")]] {
            let answer = call(&deployment, route, headers).await;
            assert_eq!((answer.status, &answer.body), (404, &nowhere.body), "{route:?}");
            let names = |answer: &Answer| {
                let mut names: Vec<_> = answer.headers.keys().cloned().collect();
                names.sort_by_key(ToString::to_string);
                names
            };
            assert_eq!(names(&answer), names(&nowhere), "{route:?}");
        }
    }
    let hints = deployment.logs().matches("set ADMIN_TOKEN").count();
    assert_eq!(hints, 1, "one hint for the operator");
}

#[tokio::test]
async fn deployment_requires_its_token_on_every_route() {
    let deployment = with_token().await;
    for (number, route) in (1..).zip(ROUTES) {
        // An address for each route: no client comes near the limit of wrong tokens.
        let client = Ipv4Addr::new(127, 0, 1, number);
        for wrong in [
            &[][..],
            &[("Host", "localhost")],
            &[("Authorization", "Bearer Vq7: x9Lw 3fRz-Hb2c with a colon!")],
            &[("Authorization", "Basic Y3Jvc3N3aXJlOmEgdG9rZW4=")],
            &[("Authorization", "Bearer ")],
        ] {
            let answer = call_from(&deployment, client, route, wrong).await;
            assert_eq!(answer.status, 401, "{route:?} {wrong:?}");
            assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"crosswire\"");
        }
    }
    let bearer = format!("Bearer {TOKEN}");
    let answer = call(&deployment, ROUTES[0], &[("Authorization", &bearer)]).await;
    assert_eq!(answer.status, 200);
    let login = deployment.call("GET", "/tester/topics").basic_auth("anybody", Some(TOKEN));
    assert_eq!(login.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn dev_mode_allows_only_the_local_host_names() {
    let deployment = dev().await;
    let port = deployment.port();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let answer = call(&deployment, ROUTES[0], &[("Host", &host)]).await;
            assert_eq!(answer.status, 200, "{host}");
        }
    }
    for route in ROUTES {
        for host in ["example.com", "localhost.example.com", "127.0.0.1.nip.io:62023", "10.0.0.1"] {
            assert_eq!(call(&deployment, route, &[("Host", host)]).await.status, 404, "{host}");
        }
    }
    let tunnel = [("Host", "localhost"), ("X-Forwarded-For", "203.0.113.7")];
    assert_eq!(call(&deployment, ROUTES[0], &tunnel).await.status, 404);
}

#[tokio::test]
async fn dev_mode_accepts_a_token_on_other_host_names() {
    let setup = Setup::dev(TOPICS).embedded().env("ADMIN_TOKEN", TOKEN);
    let deployment = setup.start().await;
    let bearer = format!("Bearer {TOKEN}");
    let elsewhere = ("Host", "example.com");
    assert_eq!(call(&deployment, ROUTES[0], &[]).await.status, 200);
    assert_eq!(call(&deployment, ROUTES[0], &[elsewhere]).await.status, 401);
    let proved = [elsewhere, ("Authorization", bearer.as_str())];
    assert_eq!(call(&deployment, ROUTES[0], &proved).await.status, 200);
}

#[tokio::test]
async fn cross_site_posts_are_refused_by_fetch_metadata() {
    let deployment = dev().await;
    for site in ["cross-site", "same-site"] {
        let headers = [("Sec-Fetch-Site", site)];
        for route in ROUTES.into_iter().filter(|(method, _)| *method == "POST") {
            assert_eq!(call(&deployment, route, &headers).await.status, 403, "{site} {route:?}");
        }
        assert_eq!(call(&deployment, ROUTES[0], &headers).await.status, 200, "{site}");
    }
    for site in ["same-origin", "none"] {
        let call = deployment.call("POST", "/tester/segments").header("Sec-Fetch-Site", site);
        let call = call.json(&json!({ "text": "hello" }));
        assert_eq!(call.send().await.unwrap().status(), 200, "{site}");
    }
}

/// Browsers send no fetch metadata to a plain HTTP site that is not localhost, only the origin.
#[tokio::test]
async fn cross_site_forms_are_refused_by_origin() {
    let deployment = with_token().await.with_bearer(TOKEN);
    let form = [("topic", "strict"), ("identity", ANNA), ("text", "echo forged by a form")];
    let post = |origin: Option<&'static str>| {
        let post = deployment.call("POST", "/tester").header("Host", "example.com:62023");
        let post = origin.into_iter().fold(post, |post, origin| post.header("Origin", origin));
        let post = post.form(&form).send();
        async { post.await.unwrap().status().as_u16() }
    };
    for foreign in [
        "null",
        "http://evil.example",
        "http://example.com",
        "http://example.com:62024",
        "http://example.com:62023.evil.example",
        "http://evil.example:62023",
        "",
    ] {
        assert_eq!(post(Some(foreign)).await, 403, "{foreign:?}");
    }
    assert_eq!(post(Some("http://example.com:62023")).await, 303);
    assert_eq!(post(None).await, 303, "a client that is no browser shows the token alone");
}

#[tokio::test]
async fn form_with_another_content_type_is_refused() {
    let deployment = dev().await;
    let body = "topic=strict&identity=1&text=echo+as+plain+text";
    for kind in ["text/plain", "multipart/form-data", "application/json", "/"] {
        let post = deployment.call("POST", "/tester").header("Content-Type", kind).body(body);
        let answer = Answer::read(post.send().await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 415, "{kind}");
        assert!(answer.body.contains("application/x-www-form-urlencoded"), "{answer:?}");
    }
    let post = deployment.call("POST", "/tester").body(body).send().await.unwrap();
    assert_eq!(post.status(), 415, "no content type at all");
}

#[tokio::test]
async fn token_guesses_are_throttled_and_logged() {
    let deployment = with_token().await;
    let right = [("Authorization", format!("Bearer {TOKEN}"))];
    let right: Vec<_> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let [attacker, operator] = [2, 3].map(|last| Ipv4Addr::new(127, 0, 2, last));
    let mut statuses = Vec::new();
    for number in 0..20 {
        let guess = format!("Bearer guess number {number}");
        let guess = [("Authorization", guess.as_str())];
        let answer = call_from(&deployment, attacker, ROUTES[0], &guess).await;
        if answer.status == 429 {
            let seconds = answer.headers["retry-after"].to_str().unwrap().parse::<u64>();
            assert!(seconds.is_ok_and(|seconds| seconds >= 1), "{answer:?}");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..5], [401; 5], "{statuses:?}");
    assert!(statuses.iter().filter(|status| **status == 429).count() >= 10, "{statuses:?}");
    assert_eq!(call_from(&deployment, operator, ROUTES[0], &right).await.status, 200);
    let logs = deployment.logs();
    let lines: Vec<_> = logs.lines().filter(|line| line.contains("wrong token")).collect();
    assert!((1..3).contains(&lines.len()), "sampled: {lines:#?}");
    assert!(lines[0].contains("WARN") && lines[0].contains("127.0.2.2"), "{lines:#?}");
}
