//! Session tokens for clients of the text protocol, which gets no `welcome` to take one from.

use std::time::Duration;

use crate::contracts::handler::Transaction;
use crate::model::address::Address;
use crate::model::token::{Claims, Rights, Token, TokenPurpose};

/// Life of a token.
const LIFE: Duration = Duration::from_hours(30 * 24);

/// Signs the token by which a session comes back.
pub(super) fn of_session(tx: &Transaction, session: &Address) -> Token {
    tx.sign(&Claims {
        purpose: TokenPurpose::Session,
        topic: tx.topic().clone(),
        subject: session.identity.reveal().to_owned(),
        rights: Rights::BOTH,
        expires_at: tx.now() + LIFE,
    })
}
