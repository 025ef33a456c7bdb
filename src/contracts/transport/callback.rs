//! Ids of ours that a provider returns with the delivery reports of a message: they stand in the query
//! of the URL that it reports to.

use url::Url;

use crate::model::message::Outbound;

/// Parameter with the id of the outbound message.
pub const MESSAGE: &str = "message";
/// Parameter with the id of the inbound message that it answers.
pub const CAUSE: &str = "cause";

/// Returns the URL that the provider reports the states of a message to.
pub fn callback_url(mut url: Url, message: &Outbound) -> String {
    let mut query = url.query_pairs_mut();
    query.append_pair(MESSAGE, message.id.as_str());
    if let Some(cause) = &message.cause {
        query.append_pair(CAUSE, cause.id.as_str());
    }
    drop(query);
    url.into()
}
