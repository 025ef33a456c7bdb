//! Warnings and ends of rooms.

use std::time::Duration;

use serde_json::json;

use super::scenario::Scenario;

const NOTHING: [&str; 0] = [];
const PHONE: &str = "+1-dan";

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn room_warns_twice_and_ends_after_ten_minutes() {
    let mut scenario = Scenario::new(json!({}));
    let (token, code) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    scenario.say(PHONE, &format!("join {code} as Dan"));
    scenario.forget();
    scenario.wait(Duration::from_millis(539_999));
    assert_eq!(scenario.received(PHONE), NOTHING);
    scenario.wait(Duration::from_millis(1));
    assert_eq!(scenario.received(PHONE), ["This room closes in 1 minute."]);
    assert_eq!(scenario.received("ann"), ["notice This room closes in 1 minute."]);
    scenario.wait(seconds(50));
    assert_eq!(scenario.received(PHONE), ["This room closes in 10 seconds."]);
    scenario.say("ann", "bye");
    scenario.forget();
    scenario.wait(Duration::from_millis(9_999));
    assert_eq!(scenario.received("ann"), NOTHING);
    scenario.wait(Duration::from_millis(1));
    assert_eq!(scenario.received(PHONE), ["This room is closed. Thank you for coming."]);
    assert_eq!(scenario.received("ann"), ["ended time"]);
    assert_eq!(scenario.close_code("ann"), Some(4410));
    let house = scenario.house();
    assert!(house.rooms.is_empty() && house.codes.is_empty() && house.seats.is_empty());
    scenario.say(PHONE, "hello");
    assert!(scenario.received(PHONE)[0].starts_with("Send \"new\""));
    scenario.say(PHONE, &format!("join {code}"));
    assert!(scenario.received(PHONE)[0].starts_with("There is no such room."));
}

#[test]
fn idle_room_ends_unless_something_is_written() {
    let mut scenario = Scenario::new(json!({"idle": "2m", "history": 5}));
    let (token, code) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    scenario.wait(seconds(119));
    scenario.say(PHONE, &format!("join {code}"));
    scenario.wait(seconds(119));
    scenario.say("ann", "hello");
    scenario.forget();
    scenario.wait(Duration::from_millis(119_999));
    assert_eq!(scenario.received(PHONE), NOTHING);
    scenario.wait(Duration::from_millis(1));
    let text = "This room is closed, because nothing was written in it for a while.";
    assert_eq!(scenario.received(PHONE), [text]);
    assert_eq!(scenario.received("ann"), ["ended idle"]);
    assert!(scenario.house().rooms.is_empty());
    scenario.wait(Duration::from_mins(20));
    assert_eq!(scenario.received(PHONE), NOTHING, "the timers of a closed room do nothing");
}

#[test]
fn write_only_socket_learns_of_the_end_too() {
    let mut scenario = Scenario::new(json!({}));
    let (token, _) = scenario.create("ann");
    let send = scenario.token_with(&token, crosswire::model::token::Rights::SEND);
    scenario.connect("dan", &[("token", &send)]);
    scenario.forget();
    scenario.wait(Duration::from_mins(10));
    assert_eq!(scenario.received("dan"), ["ended time"]);
    assert_eq!(scenario.close_code("dan"), Some(4410));
}

#[test]
fn late_timers_say_how_much_time_is_left() {
    let mut scenario = Scenario::new(json!({}));
    let (_, code) = scenario.create("ann");
    scenario.say(PHONE, &format!("join {code}"));
    scenario.forget();
    // No worker runs for a while.
    scenario.topic.advance(seconds(580));
    scenario.run();
    assert_eq!(scenario.received(PHONE), ["This room closes in 20 seconds."]);
    scenario.topic.memory().now += seconds(60);
    scenario.say(PHONE, "hello");
    assert_eq!(scenario.received(PHONE), ["This room is closed already."]);
    scenario.topic.advance(seconds(0));
    scenario.run();
    assert_eq!(scenario.received(PHONE), ["This room is closed. Thank you for coming."]);
}

#[test]
fn room_outlives_neither_its_end_nor_its_margin_without_workers() {
    let mut scenario = Scenario::new(json!({"history": 5}));
    let (token, code) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    scenario.say(PHONE, &format!("join {code}"));
    scenario.say("ann", "hello");
    scenario.topic.memory().now += Duration::from_mins(20) + Duration::from_hours(1);
    let house = scenario.house();
    assert!(house.rooms.is_empty() && house.codes.is_empty());
    assert!(house.histories.is_empty() && house.seats.is_empty());
}
