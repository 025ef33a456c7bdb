//! Dialogues: their turns, their timeouts, and their place among the apps of a router.

mod survey;
mod survey_export;
mod survey_settings;

use std::time::Duration;

use crosswire::prelude::*;
use serde::{Deserialize, Serialize};

/// Takes an order of a pizza.
struct Pizza;

#[derive(Serialize, Deserialize)]
enum Order {
    Size,
    Topping { size: String },
}

impl Dialogue for Pizza {
    type Step = Order;

    async fn begin(&self, _: &mut Context, message: &Inbound) -> Result<Turn<Order>> {
        Ok(match message.text.reveal() {
            "pizza" => Turn::ask("Large or small?", Order::Size),
            _ => Turn::Decline,
        })
    }

    async fn answer(
        &self,
        cx: &mut Context,
        step: Order,
        message: &Inbound,
    ) -> Result<Turn<Order>> {
        let answer = message.text.reveal().to_owned();
        if answer == "later" {
            return Ok(Turn::Decline);
        }
        Ok(match step {
            Order::Size if answer != "large" && answer != "small" => {
                cx.reply("That is no size.");
                Turn::ask("Large or small?", Order::Size)
            }
            Order::Size => Turn::ask("Which topping?", Order::Topping { size: answer }),
            Order::Topping { size } => Turn::end(format!("One {size} pizza with {answer}.")),
        })
    }

    async fn timed_out(&self, tx: &mut Transaction, person: &Address, step: Order) -> Result {
        let kept = match step {
            Order::Size => "nothing".to_owned(),
            Order::Topping { size } => size,
        };
        tx.send(person, format!("Time is up; I had {kept}."));
        Ok(())
    }

    fn timeout(&self) -> Duration {
        Duration::from_mins(10)
    }
}

fn play(properties: &str, script: &str) {
    let topics = format!("[topics.t]\naccept_response = \"\"\n{properties}");
    let app = App::new().handler("pizza", InDialogue(Pizza)).topics(&topics);
    app.script("dialogue", &format!("strict\n{script}"))
        .unwrap_or_else(|failures| panic!("{failures}"));
}

const ALONE: &str = "handler = \"pizza\"";

#[test]
fn dialogue_asks_until_it_has_an_answer_and_goes_on() {
    play(
        ALONE,
        "1 > hello\n1 > pizza\n1 < Large or small?\n1 > huge\n1 < That is no size.\n\
         1 < Large or small?\n2 > pizza\n2 < Large or small?\n1 > small\n1 < Which topping?\n\
         2 > large\n2 < Which topping?\n1 > olives\n1 < One small pizza with olives.\n\
         1 > olives\nadvance 1h\n2 < Time is up; I had large.",
    );
}

#[test]
fn question_is_closed_when_its_own_time_is_over() {
    play(
        ALONE,
        "1 > pizza\n1 < Large or small?\nadvance 9m\n1 > small\n1 < Which topping?\n\
         advance 9m\n1 > later\nadvance 59s\nadvance 1s\n1 < Time is up; I had small.\n\
         1 > olives\n1 > pizza\n1 < Large or small?\n1 > STOP\nadvance 1h\n1 > small",
    );
}

#[test]
fn dialogue_of_a_router_leaves_other_messages_to_the_next_app() {
    play(
        "handler = \"router\"\nproperties.apps = [\"ping\", \"pizza\", \"echo\"]\n\
         properties.default = \"Pardon?\"",
        "1 > echo hi\n1 < hi\n1 > pizza\n1 < Large or small?\n1 > echo hi\n1 < That is no size.\n\
         1 < Large or small?\n1 > ping\n1 < pong\n1 > later\n1 < Pardon?\n1 > large\n\
         1 < Which topping?\nadvance 10m\n1 < Time is up; I had large.\n1 > echo hi\n1 < hi",
    );
}
