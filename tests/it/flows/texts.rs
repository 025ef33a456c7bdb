//! Texts of roulette, word for word.

pub(crate) const WAIT: &str = "Please wait, you will be connected to a random person...";
pub(crate) const CONNECTED: &str = "You're now connected to a random stranger!";
pub(crate) const DISCONNECTED: &str =
    "You've been disconnected and will no longer receive messages.";
pub(crate) const PEER_LEFT: &str = "Your peer disconnected.";
pub(crate) const NOT_CONNECTED: &str =
    "Error: not connected, or your earlier peer disconnected. Refresh to chat again!";
pub(crate) const NO_CALL: &str = "Error: You haven't connected to anyone yet.";
pub(crate) const LOOP_ENDED: &str =
    "Your chat has ended, since it looked like automatic replies. Send CONNECT for another one.";
