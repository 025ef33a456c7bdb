//! A server that goes, and comes back.

use super::{chatting, received};

#[tokio::test]
async fn whoever_writes_to_a_server_that_is_away_loses_nothing() {
    let (deployment, page) = chatting().await;
    page.write(0, "half a sen").await;
    deployment.kill_web();
    let away = "document.getElementById('away').textContent";
    page.sees(away, "Crosswire could not be reached.\nPlease check that it is running.").await;
    page.sees("document.getElementById('connection').dataset.state", "away").await;
    page.send(0, "tence").await;
    let typed = "document.querySelector('.card textarea').value";
    page.sees(typed, "half a sentence").await;

    deployment.start_web();
    deployment.wait_ready().await;
    page.is_live().await;
    page.sees(away, "").await;
    page.send(0, "").await;
    page.bubble(1, &received("Stranger: half a sentence")).await;
    page.sees(typed, "").await;
}
