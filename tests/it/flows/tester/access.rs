//! Who gets in, and who finds nothing.

use serde_json::json;

use super::{TOPICS, dev};
use crate::support::{Answer, Deployment, Setup};

const TOKEN: &str = "a token: with a colon";

const DOORS: [(&str, &str); 13] = [
    ("GET", "/tester"),
    ("POST", "/tester"),
    ("GET", "/tester/assets/icon.svg"),
    ("GET", "/tester/topics"),
    ("GET", "/tester/live"),
    ("GET", "/tester/script"),
    ("POST", "/tester/send"),
    ("POST", "/tester/again"),
    ("POST", "/tester/clear"),
    ("POST", "/tester/trouble"),
    ("POST", "/tester/segments"),
    ("GET", "/httptester/"),
    ("GET", "/httptester/strict/1112223333/"),
];

async fn knock(
    deployment: &Deployment,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
) -> Answer {
    let call = deployment.call(method, path);
    let call = headers.iter().fold(call, |call, (name, value)| call.header(*name, *value));
    Answer::read(call.send().await.unwrap()).await.unwrap()
}

async fn behind_a_token() -> Deployment {
    let deployment = Setup::new(TOPICS).own_redis().env("ADMIN_TOKEN", TOKEN).start().await;
    deployment.keep_secret(TOKEN);
    deployment
}

#[tokio::test]
async fn without_a_token_a_deployment_has_no_tester() {
    let deployment = Setup::new(TOPICS).own_redis().start().await;
    let nowhere = deployment.get("/nowhere").await.unwrap();
    for door in DOORS {
        for headers in [&[][..], &[("Authorization", "Bearer ")], &[("Host", "localhost")]] {
            let answer = knock(&deployment, door, headers).await;
            assert_eq!((answer.status, &answer.body), (404, &nowhere.body), "{door:?}");
            let names = |answer: &Answer| {
                let mut names: Vec<_> = answer.headers.keys().cloned().collect();
                names.sort_by_key(ToString::to_string);
                names
            };
            assert_eq!(names(&answer), names(&nowhere), "{door:?}");
        }
    }
    let said = deployment.logs().matches("set ADMIN_TOKEN").count();
    assert_eq!(said, 1, "whoever runs it is told once");
}

#[tokio::test]
async fn a_deployment_asks_for_its_token_at_every_door() {
    let deployment = behind_a_token().await;
    for door in DOORS {
        for wrong in [
            &[][..],
            &[("Host", "localhost")],
            &[("Authorization", "Bearer a token: with a colon!")],
            &[("Authorization", "Basic Y3Jvc3N3aXJlOmEgdG9rZW4=")],
            &[("Authorization", "Bearer ")],
        ] {
            let answer = knock(&deployment, door, wrong).await;
            assert_eq!(answer.status, 401, "{door:?} {wrong:?}");
            assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"crosswire\"");
        }
    }
    let bearer = format!("Bearer {TOKEN}");
    let answer = knock(&deployment, DOORS[0], &[("Authorization", &bearer)]).await;
    assert_eq!(answer.status, 200);
    let login = deployment.call("GET", "/tester/topics").basic_auth("anybody", Some(TOKEN));
    assert_eq!(login.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn whoever_tries_things_out_gets_in_by_this_machines_names_alone() {
    let deployment = dev().await;
    let port = deployment.port();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let answer = knock(&deployment, DOORS[0], &[("Host", &host)]).await;
            assert_eq!(answer.status, 200, "{host}");
        }
    }
    for door in DOORS {
        for host in ["example.com", "localhost.example.com", "127.0.0.1.nip.io:62023", "10.0.0.1"] {
            assert_eq!(knock(&deployment, door, &[("Host", host)]).await.status, 404, "{host}");
        }
    }
    let tunnel = [("Host", "localhost"), ("X-Forwarded-For", "203.0.113.7")];
    assert_eq!(knock(&deployment, DOORS[0], &tunnel).await.status, 404);
}

#[tokio::test]
async fn whoever_tries_things_out_may_open_them_to_others_with_a_token() {
    let setup = Setup::dev(TOPICS).embedded().env("ADMIN_TOKEN", TOKEN);
    let deployment = setup.start().await;
    let bearer = format!("Bearer {TOKEN}");
    let elsewhere = ("Host", "example.com");
    assert_eq!(knock(&deployment, DOORS[0], &[]).await.status, 200);
    assert_eq!(knock(&deployment, DOORS[0], &[elsewhere]).await.status, 401);
    let proved = [elsewhere, ("Authorization", bearer.as_str())];
    assert_eq!(knock(&deployment, DOORS[0], &proved).await.status, 200);
}

#[tokio::test]
async fn another_site_makes_no_browser_send_anything() {
    let deployment = dev().await;
    for site in ["cross-site", "same-site"] {
        let headers = [("Sec-Fetch-BuildContext", site)];
        for door in DOORS.into_iter().filter(|(method, _)| *method == "POST") {
            assert_eq!(knock(&deployment, door, &headers).await.status, 403, "{site} {door:?}");
        }
        assert_eq!(knock(&deployment, DOORS[0], &headers).await.status, 200, "{site}");
    }
    for site in ["same-origin", "none"] {
        let call =
            deployment.call("POST", "/tester/segments").header("Sec-Fetch-BuildContext", site);
        let call = call.json(&json!({ "text": "hello" }));
        assert_eq!(call.send().await.unwrap().status(), 200, "{site}");
    }
}
