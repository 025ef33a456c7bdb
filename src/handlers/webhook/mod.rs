//! Apps in any language: every message of a topic is posted to the URL of an app as JSON, and the
//! JSON that it answers with is what the handler replies, sends, stores and schedules.
//!
//! An app that is away is no fault of a message: the message is put off and posted again, under the
//! same id, until it is answered. An answer that cannot be read is a fault, and counts as an attempt.

use serde_json::Value;

use crate::contracts::handler::{Context, Handler, Postpone, Result, Transaction};
use crate::contracts::settings::{BuildContext, SettingsErrors};
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};

mod answer;
mod apply;
mod breaker;
mod client;
mod conversation;
mod items;
mod request;
mod settings;

use answer::Answer;
use apply::{Applied, Person};
use breaker::Breaker;
use client::{Client, Failure};
use conversation::{Conversation, Timer};
use request::{Event, Request};
pub use settings::WebhookSettings;

/// Handler that hands everything to an app behind a URL.
pub struct Webhook {
    client: Client,
    breaker: Breaker,
    settings: settings::Checked,
}

impl Webhook {
    /// Creates the handler, or reports every setting that cannot work.
    pub fn new(settings: WebhookSettings, context: &BuildContext<'_>) -> Result<Self> {
        let mut errors = SettingsErrors::default();
        let built = settings.check(context, &mut errors);
        errors.into_result()?;
        let (endpoint, settings) = built.ok_or_else(|| anyhow::anyhow!("cannot be built"))?;
        let breaker = Breaker::new(settings.breaker);
        Ok(Self { client: Client::new(endpoint), breaker, settings })
    }

    /// Handles one of a person's messages, or their connection.
    async fn tell(&self, cx: &mut Context, event: Event<'_>) -> Result {
        let sender = cx.sender().clone();
        if self.exchange(cx, event, Some(&sender)).await?.is_declined {
            cx.decline();
        }
        Ok(())
    }

    /// Posts an event to the app, and applies its answer.
    async fn exchange(
        &self,
        tx: &mut Transaction,
        event: Event<'_>,
        person: Option<&Person>,
    ) -> Result<Applied> {
        let mut conversation: Conversation = tx.state().await?.unwrap_or_default();
        if let (Event::Message(_), Some(wait)) = (&event, conversation.pause(tx.now())) {
            return Err(Postpone::new(wait, "the app paused this person").into());
        }
        let id = event.id(tx);
        let request = Request::write(&id, tx, &event, conversation.state())?;
        let answer = self.ask(tx, &id, &request).await?;
        let scope = apply::Scope { id: &id, person, settings: &self.settings };
        scope
            .apply(answer, tx, &mut conversation)
            .await
            .map_err(|problem| anyhow::anyhow!("the app {problem}"))
    }

    /// Posts a request, unless the app is known to be away, and returns its answer.
    async fn ask(&self, tx: &Transaction, id: &str, request: &[u8]) -> Result<Answer> {
        let host = self.client.host();
        let pass = self
            .breaker
            .enter(tx.now())
            .map_err(|wait| Postpone::new(wait, format!("{host} does not answer")))?;
        match self.client.post(id, tx.now(), request).await {
            Ok(answer) => {
                pass.answered();
                Ok(answer)
            }
            Err(Failure::Defect(reason)) => {
                pass.answered();
                Err(anyhow::anyhow!("the app {reason}"))
            }
            Err(Failure::Unavailable { reason, retry_after }) => {
                let wait = pass.failed(retry_after);
                tracing::warn!(
                    topic.name = %tx.topic(), app.host = host, reason,
                    retry_ms = wait.as_millis(), "app is not available; its messages wait",
                );
                Err(Postpone::new(wait, reason).into())
            }
        }
    }
}

impl Handler for Webhook {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell(cx, Event::Message(message)).await
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        let Some(timer) = Timer::of(wake) else {
            let event = Event::Wake { name: &wake.name, data: &wake.data };
            return self.exchange(tx, event, None).await.map(drop);
        };
        let mut conversation: Conversation = tx.state().await?.unwrap_or_default();
        if !conversation.end(&timer) {
            return Ok(());
        }
        conversation.store(tx, self.settings.state_ttl)?;
        self.exchange(tx, Event::Timer(&timer), timer.person.as_ref()).await.map(drop)
    }

    async fn opted_out(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell(cx, Event::OptedOut(message)).await
    }

    async fn opted_in(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell(cx, Event::OptedIn(message)).await
    }

    async fn help_requested(&self, cx: &mut Context, message: &Inbound) -> Result {
        self.tell(cx, Event::HelpRequested(message)).await
    }

    async fn undeliverable(&self, tx: &mut Transaction, code: u32) -> Result {
        self.exchange(tx, Event::Undeliverable(code), None).await.map(drop)
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        self.tell(cx, Event::Connected(connection)).await
    }

    async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        self.exchange(tx, Event::Disconnected(end), Some(&end.address)).await.map(drop)
    }
}

/// Returns whether a JSON value is absent in what is stored.
fn is_null(value: &Value) -> bool {
    value.is_null()
}
