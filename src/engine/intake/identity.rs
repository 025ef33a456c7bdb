//! Ids for messages that came without one.

use futures_util::future::try_join_all;
use tracing::error;

use super::{Intake, Refusal, in_time};
use crate::contracts::storage::Partition;
use crate::engine::dedupe::{self, Content};
use crate::engine::topic::Pipeline;
use crate::model::keyword::{is_help, is_opt_in, is_opt_out};
use crate::model::message::{Inbound, Incoming, MessageId};

/// Returns whether a message is of the class of STOP, START or HELP.
fn is_about_consent(incoming: &Incoming) -> bool {
    let text = incoming.text.reveal();
    incoming.opt_out.is_some() || is_opt_out(text) || is_opt_in(text) || is_help(text)
}

impl Intake {
    /// Makes the message of a topic, and returns it with the further ids under which it may have been
    /// accepted.
    pub(super) async fn identified(
        &self,
        pipeline: &Pipeline,
        mut incoming: Incoming,
    ) -> Result<(Inbound, Vec<MessageId>), Refusal> {
        let received_at = self.clock.now();
        let mut aliases = Vec::new();
        if incoming.id.as_str().is_empty() {
            // What is said about consent is written twice as well as once, and a second STOP is one more.
            let window =
                pipeline.transport.dedupe_window().filter(|_| !is_about_consent(&incoming));
            match window {
                None => incoming.id = MessageId::unique(),
                Some(window) => {
                    let ends = self.ends(pipeline, &incoming).await?;
                    let groups = &self.groups;
                    let content = Content { groups, message: &incoming, received_at, window, ends };
                    let (id, earlier) = content.ids();
                    aliases.push(MessageId::of(&incoming.sender.transport, &earlier));
                    incoming.id = id;
                }
            }
        }
        Ok((Inbound::new(pipeline.topic.clone(), received_at, incoming), aliases))
    }

    /// Returns the ends of the sender's window, of every partition: each may hold people who write to
    /// this one.
    async fn ends(&self, pipeline: &Pipeline, incoming: &Incoming) -> Result<Vec<String>, Refusal> {
        let keys = [dedupe::key(&self.groups.group(&incoming.sender))];
        let read = (0..pipeline.limits.partitions).map(|number| {
            let (partition, keys) = (Partition { topic: pipeline.topic.clone(), number }, &keys);
            async move { in_time(self.storage.values(&partition, keys)).await }
        });
        match try_join_all(read).await {
            Ok(values) => Ok(values.into_iter().flatten().flatten().collect()),
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "refused: the store cannot be read");
                Err(Refusal::Unavailable)
            }
        }
    }
}
