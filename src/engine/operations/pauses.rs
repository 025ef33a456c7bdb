//! Pauses by operators: of a topic, a transport or a line.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::{Actor, OperationError, Operations};
use crate::contracts::storage::{Pause, PauseScope, UNTIL_RESUMED};
use crate::engine::topic::TopicRuntime;
use crate::model::address::Identity;
use crate::model::phone::normalize;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 200;
/// Longest time of a pause that ends by itself.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// Line of a topic that can be paused, or all lines of a transport.
#[derive(Clone, Debug, Serialize)]
pub struct LineView {
    /// Scope in the form that the API takes.
    pub scope: String,
    /// Scope with its line masked.
    pub shown: String,
}

impl From<PauseScope> for LineView {
    fn from(scope: PauseScope) -> Self {
        Self { scope: scope.encode(), shown: scope.to_string() }
    }
}

impl Operations {
    /// Returns the pauses of a topic.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn pauses(&self, topic: &str) -> Result<Vec<Pause>, OperationError> {
        let service = self.service(topic)?;
        Ok(self.storage.pauses(&service.config.name).await?)
    }

    /// Pauses a scope of a topic for this time, or until an operator resumes it. Messages are taken in all
    /// the same, and nothing of them is lost.
    ///
    /// # Errors
    /// The scope is not of this topic, or the store is unavailable.
    pub async fn pause(
        &self,
        actor: &Actor,
        topic: &str,
        scope: &PauseScope,
        time: Option<Duration>,
        reason: Option<&str>,
    ) -> Result<(), OperationError> {
        let service = self.service(topic)?;
        require_scope(service, scope)?;
        let scope = self.known_scope(service, scope).await?;
        if time.is_some_and(|time| time.is_zero() || time > LONGEST) {
            return Err(OperationError::invalid("write a time above zero and up to a year"));
        }
        let reason = match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
            None => "by an operator".to_owned(),
            Some(reason) if reason.chars().count() > LONGEST_REASON => {
                return Err(OperationError::invalid("write a reason of at most 200 characters"));
            }
            Some(reason) => format!("by an operator: {reason}"),
        };
        let scope = PauseScope { by_operator: true, ..scope };
        let (target, outcome) = (format!("{topic}: {scope}"), format!("done, {reason}"));
        let remaining = time.unwrap_or(UNTIL_RESUMED);
        let pause = Pause { scope, remaining, code: 0, reason };
        let work = async { Ok(self.storage.pause(&service.config.name, &pause).await?) };
        self.audited(actor, "pause", target, work, |()| outcome).await
    }

    /// Ends a pause. Returns whether there was one.
    ///
    /// # Errors
    /// The scope is not of this topic and nothing of it is paused, or the store is unavailable.
    pub async fn resume(
        &self,
        actor: &Actor,
        topic: &str,
        scope: &PauseScope,
    ) -> Result<bool, OperationError> {
        let service = self.service(topic)?;
        let name = &service.config.name;
        let is_paused = self.storage.pauses(name).await?.iter().any(|it| it.scope == *scope);
        if !is_paused {
            // The transport of a pause may have left the topic, and nothing else.
            require_scope(service, scope)?;
        }
        let target = format!("{topic}: {scope}");
        let work = async { Ok(self.storage.resume(name, scope).await?) };
        let outcome = if is_paused { "done" } else { "nothing was paused there" };
        self.audited(actor, "resume", target, work, |()| outcome.to_owned()).await?;
        Ok(is_paused)
    }

    /// Returns what can be paused of a topic beside the topic itself: its transports, and their lines.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn lines_of(&self, topic: &str) -> Result<Vec<PauseScope>, OperationError> {
        let service = self.service(topic)?;
        let transports = service.config.transports.iter();
        let mut scopes: BTreeSet<PauseScope> =
            transports.map(|it| PauseScope::of_operator(&it.name, None)).collect();
        let lines = self.lines_known(service).await?.into_iter();
        scopes.extend(lines.map(|(name, line)| PauseScope::of_operator(&name, Some(line))));
        Ok(scopes.into_iter().collect())
    }

    /// Returns a scope with its line as the topic knows it.
    async fn known_scope(
        &self,
        service: &TopicRuntime,
        scope: &PauseScope,
    ) -> Result<PauseScope, OperationError> {
        let Some(line) = &scope.line else { return Ok(scope.clone()) };
        let known = self.lines_known(service).await?;
        let line = spellings(line)
            .into_iter()
            .find(|line| known.contains(&(scope.transport.clone(), line.clone())));
        let unknown = || {
            OperationError::invalid(
                "no transport of the topic has this line, and no message came or went by it; write \
                 one that the topic uses",
            )
        };
        Ok(PauseScope { line: Some(line.ok_or_else(unknown)?), ..scope.clone() })
    }
}

/// Returns a line as it is written, and in the form in which it is stored.
pub fn spellings(line: &Identity) -> [Identity; 2] {
    let written = line.reveal().trim();
    [Identity::new(written), Identity::new(normalize(written))]
}

fn require_scope(service: &TopicRuntime, scope: &PauseScope) -> Result<(), OperationError> {
    let mut transports = service.config.transports.iter();
    if scope.is_topic() && scope.line.is_some() {
        let sentence = "the scope * is the whole topic; name the transport of the line";
        return Err(OperationError::invalid(sentence));
    }
    if scope.is_topic() || transports.any(|it| it.name == scope.transport) {
        return Ok(());
    }
    Err(OperationError::invalid("the topic has no such transport; name one of topics.toml"))
}
