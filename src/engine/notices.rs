//! Notices: error texts and refusals, of which a person gets each once within a time, so that two
//! machines do not answer each other for ever.

use std::time::Duration;

use crate::contracts::storage::{Admission, Admitted, Rates, Repeat};
use crate::model::address::{Address, GroupKey};
use crate::model::topic::TopicName;

/// Time within which equal texts to a person are counted.
pub(super) const REPEATS_WINDOW: Duration = Duration::from_mins(10);

/// Text of ours that answers a message.
pub(super) struct Notice<'n> {
    pub(super) to: &'n Address,
    pub(super) text: &'n str,
    /// Id of the message that it answers. A repetition of that message gets it again.
    pub(super) cause: &'n str,
    /// Maximum number of times that it is sent within `every`; it is always sent when zero.
    pub(super) limit: u32,
    /// Length of that time; the text is always sent when it is zero.
    pub(super) every: Duration,
}

/// Returns whether the person did not get the text too often within its time, and notes that they get it now. A
/// store that does not answer withholds nothing.
pub(super) async fn is_news(
    rates: &dyn Rates,
    groups: &GroupKey,
    topic: &TopicName,
    notice: &Notice<'_>,
) -> bool {
    if notice.limit == 0 || notice.every.is_zero() {
        return true;
    }
    let value = hex::encode(groups.fingerprint("notice", &[notice.text]));
    let repeat = Repeat {
        key: format!("{}:{value}", groups.group(notice.to)),
        value,
        id: notice.cause.to_owned(),
        limit: notice.limit,
        window: notice.every,
    };
    let admission = Admission { repeat: Some(repeat), ..Admission::default() };
    match rates.admit(topic, &admission).await {
        Ok(admitted) => admitted != Admitted::Repeated,
        Err(error) => {
            tracing::warn!(topic.name = %topic, %error, "texts of ours not counted");
            true
        }
    }
}
