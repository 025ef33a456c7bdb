//! Unusable data directories, and a disk that fills up under a running process.

use std::fs;
use std::path::Path;

use super::ROULETTE;
use super::dev::{bare, refusal};
use super::texts::CONNECTED;
use crate::support::{Disk, PATIENCE, Setup};

#[tokio::test]
async fn full_disk_defers_webhooks_and_loses_nothing() {
    let Some(disk) = Disk::mount() else { return };
    let place = disk.path().to_str().unwrap();
    let deployment = Setup::dev(ROULETTE).embedded().env("DATA_DIR", place).start().await;
    let phones = ["+14155550101", "+14155550102"].map(|number| deployment.phone(number, "/sms"));
    for phone in &phones {
        phone.text("connect").await;
        phone.wait_for(1).await;
    }
    deployment
        .twilio()
        .wait_until(PATIENCE, |sent| sent.iter().filter(|m| m.body == CONNECTED).count() == 2)
        .await;
    phones[0].text("before it was full").await;
    disk.fill(1 << 20);
    let call = phones[0].webhook("while it was full");
    assert_eq!(call.clone().send().await.unwrap().status, 503);
    assert_eq!(deployment.get("/readyz").await.unwrap().status, 200);
    disk.make_room();
    call.send_until_accepted().await;
    let received = phones[1].wait_for(3).await;
    assert_eq!(received[1..], ["Stranger: before it was full", "Stranger: while it was full"]);
}

#[tokio::test]
async fn unusable_data_directory_is_reported_in_one_line() {
    let deployment = bare().start().await;
    let dir = deployment.dir().join("other");
    let error = |place: &Path| {
        let place = place.to_str().unwrap();
        refusal(deployment.crosswire_with(&[("DATA_DIR", place), ("PORT", "0")], &["dev"]))
    };
    let database = dir.join("crosswire.db");
    fs::create_dir(&dir).unwrap();
    fs::write(&database, "not a database at all, but long enough to be one".repeat(99)).unwrap();
    assert!(error(&dir).contains("is not a database; move it away, or set DATA_DIR"));
    fs::remove_file(&database).unwrap();
    rusqlite::Connection::open(&database).unwrap().execute("CREATE TABLE a (b)", ()).unwrap();
    let foreign = fs::read(&database).unwrap();
    assert!(error(&dir).contains("is not a database of Crosswire; move it away"));
    assert_eq!(fs::read(&database).unwrap(), foreign, "the file is unchanged");
    assert!(error(&database).contains("is not a directory; set DATA_DIR to one"));
}

#[tokio::test]
async fn full_or_read_only_disk_is_reported_in_one_line() {
    let Some(disk) = Disk::mount() else { return };
    let deployment = bare().start().await;
    let error = || {
        let environment = [("DATA_DIR", disk.path().to_str().unwrap()), ("PORT", "0")];
        refusal(deployment.crosswire_with(&environment, &["dev"]))
    };
    disk.fill(0);
    assert!(error().contains("is full; free some of it"));
    disk.make_room();
    disk.protect();
    assert!(
        error().contains("read-only file system; set DATA_DIR to a directory that can be written")
    );
}
