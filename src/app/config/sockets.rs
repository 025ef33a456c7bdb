//! Paths of sockets, which share the addresses of the server with webhooks and pages.

use super::{DraftConfig, topic};
use crate::contracts::settings::{ConfigErrors, Environment};
use crate::engine::topic::TopicRuntime;

impl DraftConfig {
    /// Records an error for each path of sockets that cannot be served, or that is taken.
    pub fn check_socket_paths(
        &self,
        services: &[TopicRuntime],
        environment: &Environment,
        errors: &ConfigErrors,
    ) {
        let mut taken: Vec<(&str, String)> = Vec::new();
        for topic in self.topics() {
            let owner = || format!("is the path of a webhook of {}", topic.name);
            taken.extend(topic.paths.iter().map(|path| (path.as_str(), owner())));
        }
        for service in services {
            let Some((transport, sockets)) = service.socket_transport() else { continue };
            let context = self.build_context(&service.config, environment, errors);
            let key = format!("{transport}.paths");
            for path in sockets.sockets().into_iter().flat_map(|it| &it.settings().paths) {
                let problem = problem(path, &taken);
                if let Some((problem, fix)) = problem {
                    context.error(&key, &format!("{path:?} {problem}"), fix);
                }
                let owner = format!("is the path of the sockets of {}", service.config.name);
                taken.push((path, owner));
            }
        }
    }
}

/// Returns what is wrong with a path, and the fix.
fn problem(path: &str, taken: &[(&str, String)]) -> Option<(String, &'static str)> {
    if !topic::is_valid_path(path) {
        let fix = "write a path such as \"/chat\": letters, digits, / - _ . and ~";
        return Some(("cannot be served".to_owned(), fix));
    }
    if path != "/ws" && topic::is_reserved(path) {
        return Some(("is taken by the server".to_owned(), "choose another"));
    }
    let owner = taken.iter().find(|(known, _)| *known == path);
    owner.map(|(_, owner)| (format!("{owner} already"), "choose another"))
}
