//! State of the operator's page.

use std::sync::Arc;

use super::prepare::Prepared;
use super::settings_view;
use crate::admin::{AdminAccess, AdminConfig, AdminState};
use crate::app::config::StoreConfig;
use crate::contracts::settings::Purpose;
use crate::contracts::storage::Storage;
use crate::engine::operations::Operations;
use crate::model::clock::{Clock, SystemClock};

/// Builds the state of the operator's routes.
pub(super) fn state(prepared: &Prepared, storage: &Arc<dyn Storage>) -> AdminState {
    let Prepared { config, groups, program, .. } = prepared;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = AdminConfig {
        allow_local: config.purpose == Purpose::Dev,
        token: config.admin_token.clone(),
        read_token: config.admin_read_token.clone(),
        public_url: config.server.public_url.clone(),
        trust_forwarded: config.server.trust_forwarded,
    };
    AdminState {
        access: AdminAccess::new(settings, groups.clone(), clock),
        operations: operations(prepared, storage),
        program: program.title().to_owned(),
        version: program.version(),
        config: settings_view::sections(prepared),
        store: match config.store {
            StoreConfig::Redis(_) => "redis",
            StoreConfig::Embedded { .. } => "embedded",
        },
    }
}

/// Returns the operations on the topics of this process.
pub(super) fn operations(prepared: &Prepared, storage: &Arc<dyn Storage>) -> Operations {
    Operations {
        services: prepared.services.clone(),
        storage: Arc::clone(storage),
        groups: prepared.groups.clone(),
        clock: Arc::new(SystemClock),
    }
}
