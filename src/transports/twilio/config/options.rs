//! Settings of a topic's Twilio transport beside its account.

use std::time::Duration;

use crate::contracts::settings::{BuildContext, Purpose, Section};
use crate::contracts::transport::MediaPolicy;
use crate::transports::twilio::missed::INTERVAL;

/// Times that Twilio may keep a message for.
const VALIDITY: std::ops::RangeInclusive<u64> = 1..=36_000;

/// Shortest interval of reading the list, a request and more per line each time.
const SHORTEST_SWEEP: Duration = Duration::from_secs(10);

/// Settings beside the account and its sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TwilioOptions {
    /// Time for which Twilio tries to deliver a message; its own default when absent.
    pub validity_period: Option<Duration>,
    /// Replaces typographic characters by their look-alikes, where a text then costs fewer segments.
    pub smart_encoding: bool,
    /// Interval at which the list of inbound messages is read for those whose webhook was lost.
    pub sweep: Option<Duration>,
    /// URLs of the topic's webhook, by which the lines that belong to it are known.
    pub webhooks: Vec<String>,
    /// Way in which pictures are passed on.
    pub media: MediaPolicy,
}

impl TwilioOptions {
    /// Reads the keys, and records the errors in them.
    pub(super) fn read(section: &mut Section<'_>, context: &BuildContext<'_>, name: &str) -> Self {
        Self {
            validity_period: validity_period(section),
            smart_encoding: section.get("smart_encoding").unwrap_or(false),
            sweep: sweep(section),
            webhooks: webhooks(context, name),
            media: media(section, context),
        }
    }
}

/// Interval of reading; none when it is turned off.
fn sweep(section: &mut Section<'_>) -> Option<Duration> {
    let interval = section.duration("sweep").unwrap_or(INTERVAL);
    if !interval.is_zero() && interval < SHORTEST_SWEEP {
        section.error("sweep", "is too short", "write \"10s\" or longer, or \"0s\" to turn it off");
    }
    (!interval.is_zero()).then_some(interval)
}

/// Way in which pictures are passed on. They can be fetched from this server where it has a public URL.
fn media(section: &mut Section<'_>, context: &BuildContext<'_>) -> MediaPolicy {
    let key = "media";
    let wanted: Option<String> = section.get(key);
    let origin = context.public_url.map(str::to_owned);
    match (wanted.as_deref(), origin) {
        (None | Some("relay"), Some(origin)) => MediaPolicy::Relayed { origin },
        (None | Some("refuse"), _) => MediaPolicy::Refused,
        (Some("relay"), None) => {
            if context.purpose != Purpose::Dev {
                let fix = "set it to the address of this server, or write \"refuse\"";
                section.error(key, "relays pictures, and PUBLIC_URL is not set", fix);
            }
            MediaPolicy::Refused
        }
        (Some(_), _) => {
            section.error(key, "is no way to pass pictures on", "write \"relay\" or \"refuse\"");
            MediaPolicy::Refused
        }
    }
}

/// URLs under which Twilio reaches the topic; none without a public one.
fn webhooks(context: &BuildContext<'_>, name: &str) -> Vec<String> {
    let topic = context.topic;
    let Some(origin) = context.public_url else { return Vec::new() };
    let is_first = topic.transports.first().is_some_and(|first| first.name == name);
    let paths = topic.paths.iter().filter(|_| is_first).cloned();
    let own = [topic.route(name), format!("{}/{name}", topic.name)];
    let own = own.into_iter().map(|route| format!("/queue/{route}"));
    own.chain(paths).map(|path| format!("{origin}{path}")).collect()
}

fn validity_period(section: &mut Section<'_>) -> Option<Duration> {
    let key = "validity_period";
    let period = section.duration(key)?;
    if period.subsec_nanos() > 0 || !VALIDITY.contains(&period.as_secs()) {
        section.error(key, "is out of range", "write whole seconds, \"1s\" to \"10h\"");
    }
    Some(period)
}
