//! What people are told, word for word.

pub(super) const WAIT: &str = "Please wait, you will be connected to a random person...";
pub(super) const CONNECTED: &str = "You're now connected to a random stranger!";
pub(super) const DISCONNECTED: &str =
    "You've been disconnected and will no longer receive messages.";
pub(super) const PEER_LEFT: &str = "Your peer disconnected.";
pub(super) const NOT_CONNECTED: &str =
    "Error: not connected, or your earlier peer disconnected. Refresh to chat again!";
pub(super) const NO_CALL: &str = "Error: You haven't connected to anyone yet.";
