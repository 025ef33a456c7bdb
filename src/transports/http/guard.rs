//! Guard of a webhook: the callers' addresses and credentials.

use std::net::IpAddr;

use ipnet::IpNet;

use super::auth::Auth;
use super::fields::Fields;
use super::secrets::Secrets;
use crate::contracts::settings::Purpose;
use crate::contracts::transport::{ReceiveError, WebhookRequest};
use crate::model::network::{is_in, parse_network};

/// Decides which requests come from the gateway.
pub(super) struct Guard {
    auth: Auth,
    /// Networks of the callers; every address when empty.
    allow: Vec<IpNet>,
}

impl Guard {
    /// Creates the guard of the table `incoming`. A webhook without credentials or addresses is an
    /// error, but on a developer's machine, where callers of this machine alone are let in.
    pub(super) fn new(
        auth: Auth,
        has_auth: bool,
        allow: &[String],
        secrets: &mut Secrets<'_>,
    ) -> Self {
        let mut networks: Vec<IpNet> = Vec::new();
        for text in allow {
            match parse_network(text) {
                Some(network) => networks.push(network),
                None => secrets.errors.add(
                    "incoming.allow",
                    format!("{text:?} is no address; write one such as \"10.0.0.0/8\""),
                ),
            }
        }
        if !has_auth && allow.is_empty() {
            if secrets.context.purpose == Purpose::Dev {
                networks = vec![IpNet::from(IpAddr::from([127, 0, 0, 1])), loopback_v6()];
            } else {
                let fix = "set incoming.auth, or incoming.allow to the gateway's addresses";
                secrets.errors.add("incoming", format!("lets anybody in; {fix}"));
            }
        }
        Self { auth, allow: networks }
    }

    /// Refuses a request by its address, headers or body. A secret among the fields is checked by
    /// [`Guard::check_fields`].
    pub(super) fn check(&self, request: &WebhookRequest) -> Result<(), ReceiveError> {
        let is_allowed = |client: IpAddr| is_in(&self.allow, client);
        if !self.allow.is_empty() && !request.client.is_some_and(is_allowed) {
            return Err(ReceiveError::Denied("calls from this address"));
        }
        if self.auth.is_met_by(request) { Ok(()) } else { Err(wrong()) }
    }

    /// Refuses a request without the secret, when that is one of the fields. The fields of the query
    /// count, since the gateway may be able to add it to the address alone.
    pub(super) fn check_fields(&self, fields: &Fields) -> Result<(), ReceiveError> {
        let Some(name) = self.auth.secret_field() else { return Ok(()) };
        if fields.values(name).any(|sent| self.auth.is_secret(sent)) {
            Ok(())
        } else {
            Err(wrong())
        }
    }

    /// Name of the field with the secret, which no handler may see.
    pub(super) fn secret_field(&self) -> Option<&str> {
        self.auth.secret_field()
    }
}

fn wrong() -> ReceiveError {
    ReceiveError::Denied("calls without the right credentials")
}

fn loopback_v6() -> IpNet {
    IpNet::from(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]))
}
