//! Parts: a text that is longer than its transport takes is sent in several messages.

use crate::contracts::transport::Transports;
use crate::model::message::{MessageId, Outbound};
use crate::model::segment::split;

/// Returns the messages in which one is sent, in their order: itself, or its parts. Media go with the first
/// one; the counters of a submission count the last one.
pub(super) fn parts(transports: &Transports, outbound: Outbound) -> Vec<Outbound> {
    let limit = transports.get(&outbound.to.transport).and_then(|it| it.max_length());
    let is_long = |limit: &usize| outbound.text.reveal().chars().nth(*limit).is_some();
    let Some(limit) = limit.filter(is_long) else { return vec![outbound] };
    let texts = split(outbound.text.reveal(), "", limit);
    let last = texts.len() - 1;
    let part = |(place, text): (usize, String)| Outbound {
        id: if place == 0 { outbound.id.clone() } else { MessageId::unique() },
        text: text.into(),
        media: if place == 0 { outbound.media.clone() } else { Vec::new() },
        tally: outbound.tally.clone().filter(|_| place == last),
        continues: place > 0,
        ..outbound.clone()
    };
    texts.into_iter().enumerate().map(part).collect()
}
