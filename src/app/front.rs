//! Addresses that this server offers to people, and to programs over sockets.

use super::program::Program;
use crate::engine::topic::TopicRuntime;
use crate::pages::PagesState;

/// Returns the topics of the pages. A page speaks to the handler of its name, over a socket.
pub(super) fn pages(services: &[TopicRuntime]) -> PagesState {
    let topic = |handler: &str| {
        let of_handler = |service: &&TopicRuntime| service.config.handler == handler;
        let services = services.iter().filter(of_handler);
        let mut with_sockets = services.filter(|service| service.socket_transport().is_some());
        with_sockets.next().map(|service| service.config.name.clone())
    };
    PagesState {
        rooms: topic("rooms"),
        devices: topic("devices"),
        roulette: topic("roulette"),
        rooms_number: None,
    }
}

/// Returns the paths of a topic's sockets; none when it has no sockets.
pub(super) fn socket_paths(service: &TopicRuntime) -> Vec<String> {
    let sockets = service.socket_transport().and_then(|(_, transport)| transport.sockets());
    let Some(sockets) = sockets else { return Vec::new() };
    let own = format!("/ws/{}", service.config.name);
    [own].into_iter().chain(sockets.settings().paths.iter().cloned()).collect()
}

/// Returns the paths of a topic's webhook; none when it has sockets alone.
pub(super) fn webhook_paths(service: &TopicRuntime) -> Vec<String> {
    let has_sockets = |name: &str| {
        service.transports.get(name).is_some_and(|transport| transport.sockets().is_some())
    };
    if service.config.transports.iter().all(|transport| has_sockets(&transport.name)) {
        return Vec::new();
    }
    let own = format!("/queue/{}", service.config.name);
    [own].into_iter().chain(service.config.paths.iter().cloned()).collect()
}

/// Returns the front page: the greetings of the handlers, and the topics with their paths.
pub(super) fn greeting(program: &Program, services: &[TopicRuntime]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for greeting in services.iter().filter_map(|service| service.handler.greeting()) {
        if !lines.iter().any(|line| line == greeting) {
            lines.push(greeting.to_owned());
        }
    }
    lines.push(format!("{} takes messages for these topics:", program.title()));
    for service in services {
        let paths = [webhook_paths(service), socket_paths(service)].concat();
        lines.push(format!("  {} at {}", service.config.name, paths.join(" and ")));
    }
    lines.join("\n")
}
