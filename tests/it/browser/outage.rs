//! An outage of the server.

use super::{chatting, received};

#[tokio::test]
async fn unsent_text_survives_a_server_outage() {
    let (deployment, page) = chatting().await;
    page.write(0, "half a sen").await;
    deployment.kill_web();
    let alert = "document.getElementById('away').textContent";
    page.sees(alert, "Crosswire could not be reached.\nPlease check that it is running.").await;
    page.sees("document.getElementById('connection').dataset.state", "away").await;
    page.send(0, "tence").await;
    let typed = "document.querySelector('.card textarea').value";
    page.sees(typed, "half a sentence").await;

    deployment.start_web();
    deployment.wait_ready().await;
    page.is_live().await;
    page.sees(alert, "").await;
    page.send(0, "").await;
    page.bubble(1, &received("Stranger: half a sentence")).await;
    page.sees(typed, "").await;
}
