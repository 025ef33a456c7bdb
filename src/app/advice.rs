//! Advice about settings that are valid and yet may not do what they promise.

use crate::app::config::ServerConfig;
use crate::engine::topic::TopicRuntime;

/// Returns a sentence for each topic that may hold more sockets than the server has connections.
pub(super) fn on_sockets(server: &ServerConfig, services: &[TopicRuntime]) -> Vec<String> {
    let (profile, connections) = (&server.profile, server.max_connections);
    let sentence = |service: &TopicRuntime| {
        let (transport, sockets) = service.socket_transport()?;
        let sockets = sockets.sockets()?.settings().max_sockets;
        (sockets > connections).then(|| {
            format!(
                "topics.{}.{transport}.max_sockets is {sockets}, above profiles.{profile}.max_connections, \
                 {connections}; raise max_connections, or lower max_sockets",
                service.config.name
            )
        })
    };
    services.iter().filter_map(sentence).collect()
}
