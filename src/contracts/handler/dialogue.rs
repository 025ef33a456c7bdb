//! Dialogues: conversations of several questions, each with the answers so far.

use std::future::{Future, ready};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Context, Handler, Result, Transaction};
use crate::model::address::Address;
use crate::model::command::Command;
use crate::model::message::{Inbound, Text, Wake};
use crate::model::table::Table;

/// Name of the wake at which a question is too old to be answered.
const TIMEOUT: &str = "dialogue.timeout";

/// Time for which an open question outlives its timeout, so that the wake finds it however late it is.
const SLACK: Duration = Duration::from_hours(7 * 24);

/// A conversation of several questions. Its step says which question is open, with the answers that
/// were given before; it is stored with each turn, and comes with the next message of the person.
///
/// [`InDialogue`] makes a handler of it, which works alone and as an app of a router.
///
/// ```
/// use crosswire::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// struct Pizza;
///
/// #[derive(Serialize, Deserialize)]
/// enum Order {
///     Size,
///     Topping { size: String },
/// }
///
/// impl Dialogue for Pizza {
///     type Step = Order;
///
///     async fn begin(&self, _: &mut Context, message: &Inbound) -> Result<Turn<Order>> {
///         Ok(match message.text.reveal() {
///             "pizza" => Turn::ask("Large or small?", Order::Size),
///             _ => Turn::Decline,
///         })
///     }
///
///     async fn answer(
///         &self,
///         _: &mut Context,
///         step: Order,
///         message: &Inbound,
///     ) -> Result<Turn<Order>> {
///         let answer = message.text.reveal().to_owned();
///         Ok(match step {
///             Order::Size if !["large", "small"].contains(&&*answer) => {
///                 Turn::ask("Please send LARGE or SMALL.", Order::Size)
///             }
///             Order::Size => Turn::ask("Which topping?", Order::Topping { size: answer }),
///             Order::Topping { size } => Turn::end(format!("One {size} pizza with {answer}.")),
///         })
///     }
/// }
///
/// App::new()
///     .handler("pizza", InDialogue(Pizza))
///     .topics("[topics.t]\nhandler = \"pizza\"\naccept_response = \"\"")
///     .script(
///         "pizza",
///         "1 > pizza\n1 < Large or small?\n1 > huge\n1 < Please send LARGE or SMALL.\n\
///          1 > small\n1 < Which topping?\n1 > olives\n1 < One small pizza with olives.",
///     )?;
/// # anyhow::Ok(())
/// ```
pub trait Dialogue: Send + Sync {
    /// The open question and the answers before it.
    type Step: Serialize + DeserializeOwned + Send + Sync;

    /// Begins the dialogue by a message, or declines it.
    fn begin(
        &self,
        cx: &mut Context,
        message: &Inbound,
    ) -> impl Future<Output = Result<Turn<Self::Step>>> + Send;

    /// Takes a message as the answer to the open question. To ask again, return the same step;
    /// declined, the message goes to the next app and the question stays open.
    fn answer(
        &self,
        cx: &mut Context,
        step: Self::Step,
        message: &Inbound,
    ) -> impl Future<Output = Result<Turn<Self::Step>>> + Send;

    /// Handles the end of a dialogue whose question was not answered in time. Does nothing by default.
    fn timed_out(
        &self,
        tx: &mut Transaction,
        person: &Address,
        step: Self::Step,
    ) -> impl Future<Output = Result> + Send {
        let _ = (tx, person, step);
        ready(Ok(()))
    }

    /// Returns the time in which a question must be answered; one hour by default.
    fn timeout(&self) -> Duration {
        Duration::from_hours(1)
    }

    /// Commands that begin the dialogue.
    fn commands(&self) -> Vec<Command> {
        Vec::new()
    }

    /// Tables of records that the dialogue keeps, for `crosswire survey export`.
    fn tables(&self) -> Vec<Table> {
        Vec::new()
    }
}

/// Continuation of a dialogue after a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn<S> {
    /// Asks a question; the step awaits its answer.
    Ask(Text, S),
    /// Ends the dialogue with a text.
    End(Text),
    /// Leaves the message to the next app of the router. Without a router it has no answer.
    Decline,
}

impl<S> Turn<S> {
    /// Asks a question, whose answer comes to [`Dialogue::answer`] with the step.
    pub fn ask(question: impl Into<Text>, step: S) -> Self {
        Self::Ask(question.into(), step)
    }

    /// Ends the dialogue with a text.
    pub fn end(text: impl Into<Text>) -> Self {
        Self::End(text.into())
    }
}

/// A [`Dialogue`] as a handler.
pub struct InDialogue<D>(pub D);

/// Open question of a person, stored as the state of their mailbox.
#[derive(Serialize, Deserialize)]
struct Open<S> {
    step: S,
    person: Address,
    /// Time until which an answer counts; it tells the questions of a dialogue apart.
    until: DateTime<Utc>,
}

impl<D: Dialogue> InDialogue<D> {
    /// Returns the open question. One whose time is over is closed first, since its wake may come
    /// after the message.
    async fn open(&self, tx: &mut Transaction) -> Result<Option<Open<D::Step>>> {
        match tx.state::<Open<D::Step>>().await? {
            Some(open) if open.until <= tx.now() => {
                self.expire(tx, open).await?;
                Ok(None)
            }
            open => Ok(open),
        }
    }

    async fn expire(&self, tx: &mut Transaction, open: Open<D::Step>) -> Result {
        tx.clear_state();
        self.0.timed_out(tx, &open.person, open.step).await
    }

    fn ask(&self, cx: &mut Context, question: Text, step: D::Step) -> Result {
        let until = cx.now() + self.0.timeout();
        let open = Open { step, person: cx.sender().clone(), until };
        cx.set_state(&open, self.0.timeout() + SLACK)?;
        cx.wake_after(self.0.timeout(), TIMEOUT, &until)?;
        cx.reply(question);
        Ok(())
    }
}

impl<D: Dialogue> Handler for InDialogue<D> {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let turn = match self.open(cx).await? {
            Some(open) => self.0.answer(cx, open.step, message).await?,
            None => self.0.begin(cx, message).await?,
        };
        match turn {
            Turn::Ask(question, step) => self.ask(cx, question, step)?,
            Turn::End(text) => {
                cx.clear_state();
                cx.reply(text);
            }
            Turn::Decline => cx.decline(),
        }
        Ok(())
    }

    /// Ends the dialogue when the question that the wake belongs to is still open.
    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        if wake.name != TIMEOUT {
            return Ok(());
        }
        let until: DateTime<Utc> = wake.data()?;
        match tx.state::<Open<D::Step>>().await? {
            Some(open) if open.until == until => self.expire(tx, open).await,
            _ => Ok(()),
        }
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        cx.clear_state();
        Ok(())
    }

    async fn undeliverable(&self, tx: &mut Transaction, _: u32) -> Result {
        tx.clear_state();
        Ok(())
    }

    fn commands(&self) -> Vec<Command> {
        self.0.commands()
    }

    fn tables(&self) -> Vec<Table> {
        self.0.tables()
    }
}
