//! Topics that the pages for people belong to.

use std::sync::Arc;

use crate::engine::sockets::SocketServer;
use crate::engine::topic::TopicRuntime;
use crate::model::topic::TopicName;
use crate::pages::PagesState;

/// Returns the first topic of each handler that has both a page and sockets.
pub(super) fn pages_state(services: &[TopicRuntime], sockets: &[Arc<SocketServer>]) -> PagesState {
    let topic = |handler: &str| -> Option<TopicName> {
        let mut topics = services.iter().map(|service| &service.config);
        let has_sockets = |name: &TopicName| sockets.iter().any(|server| server.topic() == name);
        let found = topics.find(|topic| topic.handler == handler && has_sockets(&topic.name));
        found.map(|topic| topic.name.clone())
    };
    PagesState {
        rooms: topic("rooms"),
        devices: topic("devices"),
        roulette: topic("roulette"),
        rooms_number: None,
    }
}
