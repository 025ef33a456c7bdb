//! Client of a deployment, for programs that submit messages.

mod remote;

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use self::remote::Remote;
use super::{App, partitions, prepare, secret, submit};
use crate::contracts::settings::Environment;
use crate::contracts::storage::Storage;
use crate::engine::submissions::{Draft, IdempotencyKey, MessageStatus, Submitter};
use crate::model::address::GroupKey;
use crate::model::message::MessageId;
use crate::model::message::submission::SubmissionId;

/// Owner of the idempotency keys of every client that writes to the store itself.
const OWNER: &str = "client";
/// Port of the API when `PORT` is not set.
const DEFAULT_PORT: &str = "62023";

/// Client that submits messages to a deployment.
///
/// ```no_run
/// use crosswire::prelude::*;
///
/// # async fn remind() -> Result {
/// let client = App::from_env()?.client().await?;
/// let message = Draft::new("news", "+14155550101", "Your table is ready.");
/// let id = client.send(&message, Some("table-7")).await?;
/// println!("{}", client.status(&id).await?.status);
/// # Ok(())
/// # }
/// ```
pub struct Client(Way);

enum Way {
    /// Writes to the store, which other processes share.
    Store(Box<Submitter>),
    /// Calls the HTTP API of the process that has the store.
    Api(Remote),
}

impl App {
    /// Connects to the deployment of this environment: to its Redis, or, when `REDIS_URL` is not set,
    /// to the HTTP API at `API_URL` with the token `API_TOKEN`.
    ///
    /// # Errors
    /// Every error in the configuration, or a store or an API that cannot be used.
    pub async fn client(&self) -> Result<Client> {
        self.client_at(None).await
    }

    /// Connects to the API at `url`, or as [`App::client`] does.
    pub(super) async fn client_at(&self, url: Option<&str>) -> Result<Client> {
        let environment = &self.environment;
        let url = url.or_else(|| environment.get("API_URL"));
        let redis = environment.get("REDIS_URL").or_else(|| environment.get("REDIS_TLS_URL"));
        if redis.is_none() || url.is_some() {
            return Ok(Client(Way::Api(remote(environment, url)?)));
        }
        Ok(Client(Way::Store(Box::new(self.submitter().await?))))
    }

    async fn submitter(&self) -> Result<Submitter> {
        let (config, services, store) = prepare::beside(&self.environment, &self.registry)?;
        let store: Arc<dyn Storage> = store.connect()?;
        partitions::require_known(&partitions::counts(&services), store.as_ref()).await?;
        let groups = GroupKey::new(&secret::existing_key(&config)?);
        Ok(submit::submitter(&services, &store, groups))
    }
}

impl Client {
    /// Submits a message. It is stored when its id is returned. Under the same key a message counts
    /// once within 72 hours.
    pub async fn send(&self, message: &Draft, key: Option<&str>) -> Result<MessageId> {
        match &self.0 {
            Way::Store(submitter) => {
                let key = key.map(|key| IdempotencyKey::new(OWNER, key)).transpose()?;
                Ok(submitter.send(message, key.as_ref()).await?)
            }
            Way::Api(remote) => remote.send(message, key).await,
        }
    }

    /// Submits a message that is sent at a time.
    pub async fn schedule(
        &self,
        message: &Draft,
        at: DateTime<Utc>,
        key: Option<&str>,
    ) -> Result<MessageId> {
        self.send(&Draft { at: Some(at), ..message.clone() }, key).await
    }

    /// Cancels a message that waits. It is sent all the same when it is in the outbox by then.
    pub async fn cancel(&self, id: &MessageId) -> Result<()> {
        match &self.0 {
            Way::Store(submitter) => Ok(submitter.cancel(&parsed(id)?).await?),
            Way::Api(remote) => remote.cancel(id).await,
        }
    }

    /// Returns the state of a message.
    pub async fn status(&self, id: &MessageId) -> Result<MessageStatus> {
        match &self.0 {
            Way::Store(submitter) => Ok(submitter.status(&parsed(id)?).await?),
            Way::Api(remote) => remote.status(id).await,
        }
    }
}

fn parsed(id: &MessageId) -> Result<SubmissionId> {
    Ok(id.as_str().parse()?)
}

fn remote(environment: &Environment, url: Option<&str>) -> Result<Remote> {
    let token = environment.secret("API_TOKEN").context(
        "environment: API_TOKEN: is not set; set it to a token of the table api.tokens, or set \
         REDIS_URL to write to the store itself",
    )?;
    let port = environment.get("PORT").unwrap_or(DEFAULT_PORT);
    let url = url.map_or_else(|| format!("http://localhost:{port}"), str::to_owned);
    Remote::new(&url, token)
}
