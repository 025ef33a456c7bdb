//! Heroku, Fly, systemd, Kubernetes and Compose.

use regex::Regex;
use serde_json::Value;

use super::{deploy_files, read, require_command, served, table, topics};

/// Seconds that a process takes for its work in hand, which a host has to leave it.
const GRACE: u64 = 25;

/// Processes that the Procfile names, with their commands.
fn procfile() -> Vec<(String, String)> {
    let text = read("Procfile");
    let split = |line: &str| line.split_once(": ").map(|(name, it)| (name.into(), it.into()));
    text.lines().map(|line| split(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn procfile_has_web_and_workers_of_every_topic() {
    let processes = procfile();
    for (_, command) in &processes {
        require_command(command);
    }
    assert_eq!(processes[0], ("web".to_owned(), "web".to_owned()));
    assert_eq!(processes[1], ("worker".to_owned(), "worker".to_owned()));
    assert_eq!(served(processes.iter().map(|(_, command)| command.as_str())), sorted(topics()));
}

#[test]
fn app_json_has_the_processes_of_the_procfile_and_documented_variables() {
    let app: Value = serde_json::from_str(&read("app.json")).unwrap();
    let formed: Vec<String> = app["formation"].as_object().unwrap().keys().cloned().collect();
    let named: Vec<String> = procfile().into_iter().map(|(name, _)| name).collect();
    assert_eq!(sorted(formed), sorted(named));
    let variables = app["env"].as_object().unwrap();
    for name in variables.keys() {
        require_documented(name);
    }
    // The add-on sets REDIS_URL.
    assert!(app["addons"].as_array().unwrap().iter().any(|it| it == "heroku-redis:premium-0"));
    for secret in ["SECRET_KEY", "ADMIN_TOKEN"] {
        assert_eq!(variables[secret]["generator"], "secret", "{secret}");
    }
}

#[test]
fn fly_runs_web_and_workers_of_every_topic_and_waits_for_them() {
    let fly = table("fly.toml");
    let processes = fly["processes"].as_table().unwrap();
    let commands: Vec<&str> = processes.values().map(|it| it.as_str().unwrap()).collect();
    for command in &commands {
        require_command(command);
    }
    assert_eq!(served(commands), sorted(topics()));
    assert_eq!(fly["kill_signal"].as_str(), Some("SIGTERM"));
    let patience = fly["kill_timeout"].as_str().unwrap().trim_end_matches('s');
    assert!(patience.parse::<u64>().unwrap() > GRACE);
    let service = &fly["http_service"];
    assert_eq!(service["processes"].as_array().unwrap()[0].as_str(), Some("web"));
    assert_eq!(service["checks"][0]["path"].as_str(), Some("/readyz"));
}

#[test]
fn units_run_commands_and_leave_time_for_the_work_in_hand() {
    let start = Regex::new(r"(?m)^ExecStart=/usr/local/bin/crosswire (.+)$").unwrap();
    let limit = Regex::new(r"(?m)^TimeoutStopSec=(\d+)$").unwrap();
    let mut commands = Vec::new();
    for unit in deploy_files("service") {
        let command = start.captures(&unit).expect("it starts crosswire")[1].to_owned();
        require_command(&command);
        commands.push(command);
        assert!(limit.captures(&unit).unwrap()[1].parse::<u64>().unwrap() > GRACE);
    }
    assert_eq!(sorted(commands), ["standalone", "web", "worker"]);
}

#[test]
fn kubernetes_runs_commands_and_leaves_time_for_the_work_in_hand() {
    let files = deploy_files("yaml");
    let list = Regex::new(r#"(?m)(?:args|command): \["([^\n]+)"\]$"#).unwrap();
    let mut commands = Vec::new();
    for found in files.iter().flat_map(|file| list.captures_iter(file)) {
        let words = found[1].split("\", \"").collect::<Vec<_>>().join(" ");
        if !words.starts_with("redis-cli") {
            commands.push(words.trim_start_matches("crosswire ").to_owned());
        }
    }
    for command in &commands {
        require_command(command);
    }
    assert_eq!(sorted(commands), ["health worker", "web", "worker"]);
    let grace = Regex::new(r"terminationGracePeriodSeconds: (\d+)").unwrap();
    for found in files.iter().flat_map(|file| grace.captures_iter(file)) {
        assert!(found[1].parse::<u64>().unwrap() > GRACE);
    }
}

#[test]
fn redis_of_compose_and_kubernetes_keeps_what_it_is_told() {
    let redis = deploy_files("yaml").into_iter().find(|it| it.contains("kind: StatefulSet"));
    for file in [read("compose.yaml"), redis.expect("there is a Redis")] {
        for setting in ["appendonly yes", "appendfsync always", "maxmemory-policy noeviction"] {
            assert!(file.contains(&format!("- --{setting}\n")), "{setting}");
        }
        assert!(file.contains("- --maxmemory 512mb\n"));
    }
}

#[test]
fn variables_of_compose_kubernetes_and_units_are_documented() {
    let mut files = deploy_files("yaml");
    files.extend(deploy_files("service"));
    files.push(read("compose.yaml"));
    let variable =
        Regex::new(r"(?m)^\s+([A-Z][A-Z_]+): \S|name: ([A-Z][A-Z_]+)$|[= ]([A-Z][A-Z_]+)=/")
            .unwrap();
    let mut found = 0;
    for captures in files.iter().flat_map(|file| variable.captures_iter(file)) {
        require_documented(captures.iter().skip(1).flatten().next().unwrap().as_str());
        found += 1;
    }
    assert!(found >= 8, "{found}");
}

fn require_documented(variable: &str) {
    let documented = read("docs/configuration.md").contains(&format!("\n| `{variable}` |"));
    assert!(documented, "{variable} is in docs/configuration.md");
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
