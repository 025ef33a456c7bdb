//! An operator's commands about people: bars, reports, opt-outs, and the end of all that is stored.

use std::process::Output;

use super::ROULETTE;
use super::texts::{CONNECTED, PEER_LEFT, WAIT};
use crate::support::{Deployment, LINE, Phone, Setup};

const ANNA: &str = "+14155550101";
const BEN: &str = "+14155550102";

async fn chatting(deployment: &Deployment) -> (Phone<'_>, Phone<'_>) {
    let (anna, ben) = (deployment.phone(ANNA, "/sms"), deployment.phone(BEN, "/sms"));
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    ben.text("connect").await;
    assert_eq!(ben.wait_for(1).await, [CONNECTED]);
    (anna, ben)
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn ban_ends_the_chat_and_is_listed_until_it_is_lifted() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    let people =
        |arguments: &[&str]| printed(deployment.crosswire(&[&["people"], arguments].concat()));
    assert_eq!(people(&["bans"]), "no person is barred\n");
    let told = people(&["ban", BEN, "--topic", "roulette", "--for", "7d", "--reason", "spam"]);
    assert!(told.contains("twilio ***02  barred  until ") && told.contains("spam"), "{told}");
    assert_eq!(anna.wait_for(3).await, [WAIT, CONNECTED, PEER_LEFT]);
    assert_eq!(people(&["bans"]), told);
    assert_eq!(ben.text("connect").await.said(), None);
    let events = printed(deployment.crosswire(&["events"]));
    assert!(events.lines().last().unwrap().contains("dropped"), "{events}");
    assert!(people(&["bans", BEN, "--show"]).contains(BEN));
    assert_eq!(people(&["bans", ANNA]), "no person is barred\n");
    assert!(people(&["ban", BEN, "--shadow"]).contains("  shadow  for good"));
    assert!(people(&["unban", BEN]).contains("***02  is not barred"));
    assert_eq!(people(&["bans"]), "no person is barred\n");
    ben.text("connect").await;
    assert_eq!(ben.wait_for(2).await, [CONNECTED, WAIT]);
    let wrong = deployment.crosswire(&["people", "ban", BEN, "--topic", "wrong"]);
    assert!(!wrong.status.success());
}

#[tokio::test]
async fn reports_show_texts_and_numbers_only_on_request() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    ben.text("send me your money").await;
    assert_eq!(anna.wait_for(3).await[2], "Stranger: send me your money");
    anna.text("report").await;
    assert!(anna.wait_for(4).await[3].starts_with("Thank you"));
    let listed = printed(deployment.crosswire(&["people", "reports"]));
    assert!(listed.contains("***02  reported by ***01  strikes: 1, texts: 1"), "{listed}");
    assert!(!listed.contains("money") && !listed.contains("4155550102"), "{listed}");
    let shown = printed(deployment.crosswire(&["people", "reports", BEN, "--show"]));
    assert!(shown.contains("reported: send me your money") && shown.contains(ANNA), "{shown}");
    let none = printed(deployment.crosswire(&["people", "reports", ANNA]));
    assert_eq!(none, "no report is kept\n");
    ben.text("connect").await;
    assert!(ben.wait_for(3).await[2].starts_with("A stranger has reported you."));
}

#[tokio::test]
async fn opt_out_by_an_operator_ends_the_chat() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, _) = chatting(&deployment).await;
    assert!(printed(deployment.crosswire(&["optout", "add", BEN])).contains("***02"));
    assert_eq!(anna.wait_for(3).await, [WAIT, CONNECTED, PEER_LEFT]);
}

#[tokio::test]
async fn opt_outs_are_added_listed_exported_imported_and_removed() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let opt_out =
        |arguments: &[&str]| printed(deployment.crosswire(&[&["optout"], arguments].concat()));
    assert_eq!(opt_out(&["list"]), "no person has opted out\n");
    deployment.phone(ANNA, "/sms").text("STOP").await;
    let listed = || Some(opt_out(&["list"])).filter(|shown| shown.contains("message"));
    let listed = crate::support::poll(crate::support::PATIENCE, listed).unwrap();
    assert!(listed.contains("twilio ***01  from ***06  message"), "{listed}");
    assert!(opt_out(&["add", BEN]).contains("***02  has opted out of lines: 1"));
    let exported = opt_out(&["export"]);
    let rows: Vec<&str> = exported.lines().collect();
    assert_eq!(rows[0], "topic,transport,number,line,at,source");
    assert_eq!(rows.len(), 3);
    assert!(rows[2].starts_with(&format!("roulette,twilio,{BEN},{LINE},")), "{exported}");
    for number in [ANNA, BEN] {
        assert!(opt_out(&["remove", number]).contains("opt-outs removed: 1"));
    }
    assert_eq!(opt_out(&["list"]), "no person has opted out\n");
    std::fs::write(deployment.dir().join("list.csv"), exported).unwrap();
    assert_eq!(opt_out(&["import", "list.csv"]), "opt-outs imported: 2\n");
    assert_eq!(opt_out(&["list"]).lines().count(), 2);
}

#[tokio::test]
async fn forgotten_person_is_nowhere_in_the_store() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = chatting(&deployment).await;
    ben.text("hello").await;
    assert_eq!(anna.wait_for(3).await[2], "Stranger: hello");
    let ids = deployment.twilio().count();
    let () = deployment.redis().tell(&["CONFIG", "SET", "rdbcompression", "no"]).await;
    let holds = async || {
        let contents = deployment.redis().readable().await;
        let number = BEN.trim_start_matches('+').as_bytes();
        let holds = |value: &[u8]| value.windows(number.len()).any(|part| part == number);
        contents
            .into_iter()
            .filter(|(_, value)| holds(value))
            .map(|(key, _)| key)
            .collect::<Vec<_>>()
    };
    assert!(!holds().await.is_empty(), "the search below would find the number");
    assert!(printed(deployment.crosswire(&["optout", "add", BEN])).contains("***02"));
    let national = deployment.crosswire(&["forget", "415 555 0102"]);
    let error = String::from_utf8(national.stderr).unwrap();
    assert!(!national.status.success() && error.contains("is not in E.164"), "{error}");
    printed(deployment.crosswire(&["pause", "roulette"]));
    let paused = deployment.crosswire(&["forget", BEN]);
    let error = String::from_utf8(paused.stderr).unwrap();
    assert!(!paused.status.success() && error.contains("crosswire resume roulette"), "{error}");
    printed(deployment.crosswire(&["resume", "roulette"]));
    let told = printed(deployment.crosswire(&["forget", BEN]));
    let audit = printed(deployment.crosswire(&["audit"]));
    assert!(audit.contains("  forget  all topics: ***02  done"), "{audit}");
    assert!(told.contains("***02: kept in roulette: opt-outs"), "{told}");
    assert!(told.contains("nothing else is left") && !told.contains("4155550102"), "{told}");
    assert_eq!(anna.wait_for(4).await[3], PEER_LEFT);
    let told = printed(deployment.crosswire(&["forget", BEN, "--opt-out"]));
    assert!(!told.contains("kept"), "{told}");
    assert_eq!(holds().await, Vec::<String>::new());
    assert_eq!(deployment.twilio().count(), ids + 1, "the forgotten person is sent nothing");
    anna.text("connect").await;
    assert_eq!(anna.wait_for(5).await[4], WAIT, "others go on");
}

#[tokio::test]
async fn person_is_forgotten_in_a_file_that_no_process_has() {
    let deployment = Setup::dev(ROULETTE).embedded().start().await;
    let (anna, ben) = chatting(&deployment).await;
    ben.text("hello").await;
    assert_eq!(anna.wait_for(3).await[2], "Stranger: hello");
    let busy = deployment.crosswire_with(&[("ENV", "dev")], &["forget", BEN]);
    let error = String::from_utf8(busy.stderr).unwrap();
    assert!(error.contains("is in use by another process; stop it"), "{error}");
    deployment.kill_web();
    let told = printed(deployment.crosswire_with(&[("ENV", "dev")], &["forget", BEN]));
    assert!(told.contains("nothing else is left"), "{told}");
    let events = printed(deployment.crosswire(&["events", "--show"]));
    assert!(events.contains(ANNA) && !events.contains(BEN), "{events}");
    deployment.start_web();
    deployment.wait_ready().await;
    assert_eq!(anna.wait_for(4).await[3], PEER_LEFT);
}
