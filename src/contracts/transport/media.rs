//! Media of inbound messages: the way in which others may get them.

/// Way in which the media of a transport's messages are passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaPolicy {
    /// By the provider's address.
    #[default]
    Direct,
    /// Pictures by an address of this server, at this origin; anything else is left out.
    Relayed { origin: String },
    /// Not at all: they are left out of the message.
    Refused,
}

/// Reason for which a medium cannot be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// There is none at this address, or no longer.
    #[error("there is no such medium, or no longer")]
    Gone,
    /// The provider did not answer, or not with a medium.
    #[error("the provider did not hand out the medium: {0}")]
    Unavailable(String),
    #[error("the medium is larger than allowed")]
    TooLarge,
}
