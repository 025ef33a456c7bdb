//! Media of inbound messages: their addresses are replaced by sealed ones of this server, under which it
//! hands out the pictures without their metadata.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Intake;
use crate::contracts::transport::{MediaError, MediaPolicy};
use crate::engine::topic::Pipeline;
use crate::model::message::Media;
use crate::model::picture::{self, Picture};
use crate::model::sealed::SealKey;

/// Path of the addresses, in front of the sealed part.
const MEDIA_PATH: &str = "/media/";

/// Purpose of the key that addresses are sealed with.
const PURPOSE: &str = "media";

/// Time for which an address holds.
const LIFE: TimeDelta = TimeDelta::days(7);

/// Sealed part of an address.
#[derive(Serialize, Deserialize)]
struct Place {
    /// Route of the transport that can fetch it.
    route: String,
    url: String,
    #[serde(with = "chrono::serde::ts_seconds")]
    until: DateTime<Utc>,
}

impl Intake {
    /// Returns the media of a message as the topic passes them on.
    pub(super) fn passed_on(&self, pipeline: &Pipeline, media: Vec<Media>) -> Vec<Media> {
        if media.is_empty() {
            return media;
        }
        match pipeline.transport.media_policy() {
            MediaPolicy::Direct => media,
            MediaPolicy::Refused => Vec::new(),
            MediaPolicy::Relayed { origin } => {
                let route = format!("{}/{}", pipeline.topic, pipeline.transport_name);
                let (key, until) = (self.media_key(), self.clock.now() + LIFE);
                let pictures =
                    media.into_iter().filter(|medium| picture::is_picture(&medium.content_type));
                let relayed = |Media { url, content_type }: Media| {
                    let place = Place { route: route.clone(), url, until };
                    let sealed = place.seal(&key);
                    Media { url: format!("{origin}{MEDIA_PATH}{sealed}"), content_type }
                };
                pictures.map(relayed).collect()
            }
        }
    }

    /// Fetches the picture at an address, and removes its metadata.
    ///
    /// # Errors
    /// The address was not made by this deployment, its time is over, or the provider does not hand
    /// out a picture.
    pub async fn picture(&self, sealed: &str) -> Result<Picture, MediaError> {
        let place = Place::open(&self.media_key(), sealed).ok_or(MediaError::Gone)?;
        if place.until < self.clock.now() {
            return Err(MediaError::Gone);
        }
        let pipeline = self.pipelines.get(&place.route).ok_or(MediaError::Gone)?;
        let bytes = pipeline.transport.fetch(&place.url).await?;
        picture::cleaned(&bytes)
            .ok_or_else(|| MediaError::Unavailable("it is no picture that can be cleaned".into()))
    }

    fn media_key(&self) -> SealKey {
        self.groups.seal_key(PURPOSE)
    }
}

impl Place {
    fn seal(&self, key: &SealKey) -> String {
        key.seal(&serde_json::to_vec(self).expect("a place is strings and a time"))
    }

    fn open(key: &SealKey, sealed: &str) -> Option<Self> {
        serde_json::from_slice(&key.open(sealed)?).ok()
    }
}
