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

/// Returns a sentence when a provider calls a topic, and the address that it calls is not known.
pub(super) fn on_public_url(
    server: &ServerConfig,
    services: &[TopicRuntime],
) -> Option<&'static str> {
    let is_called = |service: &TopicRuntime| {
        let named = service.config.transports.iter();
        let mut transports = named.filter_map(|it| service.transports.get(&it.name));
        transports.any(|transport| transport.sockets().is_none())
    };
    let is_missing = server.public_url.is_none() && services.iter().any(is_called);
    is_missing.then_some(
        "not set: signatures are checked against the host that the caller names, and there are no \
         delivery reports; set it to the address that providers call, such as https://chat.example.com",
    )
}
