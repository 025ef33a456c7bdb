//! Rights: what a token lets its bearer do.

use chrono::TimeDelta;
use crosswire::model::token::{Claims, Rights, TokenPurpose};
use rstest::rstest;
use serde_json::json;

use super::client::Client;
use super::deployment::Deployment;

fn claims(deployment: &Deployment) -> Claims {
    Claims {
        purpose: TokenPurpose::Room,
        topic: deployment.topic_name().clone(),
        subject: "a".to_owned(),
        rights: Rights::BOTH,
        expires_at: deployment.clock.now() + TimeDelta::milliseconds(1),
    }
}

async fn open(deployment: &mut Deployment, claims: Claims) -> (Client, Option<u16>) {
    let mut client = Client::default();
    let token = deployment.room_token(&claims);
    let opened = client.open_with(&deployment.servers[0], json!({"token": token})).await;
    deployment.settle().await;
    client.read_all();
    (client, opened.err().map(|closing| closing.code.0))
}

#[tokio::test]
async fn read_token_cannot_write_nor_can_the_session_that_began_with_it() {
    let mut deployment = Deployment::embedded("");
    let claims = Claims { rights: Rights::RECEIVE, ..claims(&deployment) };
    let both_claims = claims.clone();
    let (mut client, _) = open(&mut deployment, claims).await;
    let both = Claims { rights: Rights::BOTH, ..both_claims };
    let (mut other, _) = open(&mut deployment, both).await;
    for _ in 0..2 {
        assert_eq!(client.try_say("say a forged", "1").await.unwrap_err().code.0, 4403);
        client.open(&deployment.servers[1]).await;
        deployment.settle().await;
    }
    other.say("say a genuine", "1").await;
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.texts(), ["genuine"]);
}

#[tokio::test]
async fn write_token_cannot_read_nor_can_the_session_that_began_with_it() {
    let mut deployment = Deployment::embedded("");
    let claims = Claims { rights: Rights::SEND, ..claims(&deployment) };
    let (mut client, _) = open(&mut deployment, claims).await;
    for server in [0, 1] {
        client.say("say a secret", &server.to_string()).await;
        client.say("join a", &server.to_string()).await;
        deployment.settle().await;
        client.read_all();
        client.open(&deployment.servers[server]).await;
        deployment.settle().await;
        client.read_all();
    }
    assert_eq!(client.texts(), Vec::<&str>::new());
}

#[rstest]
#[case::purpose(|c: Claims| Claims { purpose: TokenPurpose::Session, ..c })]
#[case::topic(|c: Claims| Claims { topic: "other".parse().unwrap(), ..c })]
#[case::expired(|c: Claims| Claims { expires_at: c.expires_at - TimeDelta::milliseconds(1), ..c })]
#[tokio::test]
async fn token_for_something_else_is_refused_with_4401(#[case] change: fn(Claims) -> Claims) {
    let mut deployment = Deployment::embedded("");
    let genuine = claims(&deployment);
    assert_eq!(open(&mut deployment, genuine.clone()).await.1, None);
    assert_eq!(open(&mut deployment, change(genuine)).await.1, Some(4401));
    assert_eq!(deployment.total("connected").await, 1);
}

#[tokio::test]
async fn room_token_is_no_session_token() {
    let mut deployment = Deployment::embedded("");
    let mut client =
        Client { session: Some(deployment.room_token(&claims(&deployment))), ..Client::default() };
    let refused = client.open_with(&deployment.servers[0], json!({})).await.unwrap_err();
    assert_eq!(refused.code.0, 4401);
    deployment.settle().await;
    assert_eq!(deployment.here().await, 0);
}
