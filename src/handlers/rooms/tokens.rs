//! Tokens that open a room.

use super::room::Room;
use crate::contracts::handler::Transaction;
use crate::model::token::{Claims, Rights, Token, TokenPurpose};

/// Signs a token that opens a room until its end. It writes to the send side, which is this handler,
/// and reads the receive side, which are the lines that have passed the filter.
pub(super) fn sign(tx: &Transaction, room: &Room, rights: Rights) -> Token {
    tx.sign(&Claims {
        purpose: TokenPurpose::Room,
        topic: tx.topic().clone(),
        subject: room.id.clone(),
        rights,
        expires_at: room.ends_at,
    })
}
