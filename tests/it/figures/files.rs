//! The dashboard, the alert rules and the page about metrics, compared with the catalogue.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crosswire::contracts::figures::{Kind, catalogue};
use regex::Regex;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Names of all series that an exposition may have.
fn exposed() -> BTreeSet<String> {
    let names = catalogue::ALL.iter().flat_map(|figure| {
        let suffixes: &[&str] = match figure.kind {
            Kind::Counter => &["_total"],
            Kind::Gauge => &[""],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
        };
        suffixes.iter().map(|suffix| format!("crosswire_{}{suffix}", figure.name))
    });
    names.collect()
}

/// Names of series in an expression, each with the labels that follow it in braces.
fn named(expression: &str) -> Vec<(String, Vec<String>)> {
    let series = Regex::new(r"(crosswire_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let label = Regex::new(r#"([a-z_]+)\s*(?:=|!=|=~|!~)\s*""#).unwrap();
    let found = series.captures_iter(expression).map(|found| {
        let labels = found.get(2).map_or("", |it| it.as_str());
        let labels = label.captures_iter(labels).map(|it| it[1].to_owned()).collect();
        (found[1].to_owned(), labels)
    });
    found.collect()
}

/// Fails when an expression names a series or a label that does not exist.
fn check(place: &str, expression: &str) {
    let (exposed, found) = (exposed(), named(expression));
    assert!(!found.is_empty(), "{place} asks for nothing of ours: {expression}");
    for (name, labels) in found {
        assert!(exposed.contains(&name), "{place}: there is no {name}");
        let figure = catalogue::ALL.iter().find(|figure| {
            let rest = name.strip_prefix("crosswire_").and_then(|it| it.strip_prefix(figure.name));
            rest.is_some_and(|rest| ["", "_total", "_bucket", "_sum", "_count"].contains(&rest))
        });
        let known = figure.unwrap().labels;
        for label in labels {
            let is_known = known.contains(&label.as_str())
                || ["process", "role", "le"].contains(&label.as_str());
            assert!(is_known, "{place}: {name} has no label {label}");
        }
    }
}

/// Expressions of the dashboard's panels, each after the title of its panel.
fn panels() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/dashboard.json")).unwrap();
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let title = panel["title"].as_str().unwrap().to_owned();
            found.push((title, target["expr"].as_str().unwrap().to_owned()));
        }
    }
    found
}

/// Alerts with their expressions.
fn alerts() -> Vec<(String, String)> {
    let rules = read("deploy/prometheus/alerts.yml");
    let mut blocks = rules.split("- alert: ");
    blocks.next();
    let alert = |block: &str| {
        let (name, rest) = block.split_once('\n').unwrap();
        let expression = rest.split("expr:").nth(1).unwrap().split("labels:").next().unwrap();
        (name.to_owned(), expression.to_owned())
    };
    blocks.map(alert).collect()
}

#[test]
fn dashboard_and_alerts_name_only_series_that_exist() {
    assert!(panels().len() > 30 && alerts().len() > 15, "both are read");
    for (place, expression) in panels().iter().chain(&alerts()) {
        check(place, expression);
    }
}

#[test]
fn dashboard_shows_every_figure() {
    let shown: Vec<String> = panels().into_iter().map(|(_, expression)| expression).collect();
    for figure in catalogue::ALL {
        let name = format!("crosswire_{}", figure.name);
        let is_shown = shown.iter().flat_map(|it| named(it)).any(|(it, _)| {
            it.strip_prefix(&name).is_some_and(|it| ["", "_total", "_bucket"].contains(&it))
        });
        assert!(is_shown, "{name} stands in no panel");
    }
}

#[test]
fn page_describes_every_figure_with_its_labels_and_every_alert() {
    let page = read("docs/metrics.md");
    for figure in catalogue::ALL {
        let suffix = if figure.kind == Kind::Counter { "_total" } else { "" };
        let name = format!("`{}{suffix}`", figure.name);
        let row = page.lines().find(|line| line.starts_with('|') && line.contains(&name));
        let row = row.unwrap_or_else(|| panic!("docs/metrics.md has no row of {name}"));
        let labels = format!("| {} |", figure.labels.join(", ")).replace("|  |", "| |");
        assert!(row.contains(&labels), "{row} has other labels than {labels}");
    }
    for (alert, _) in alerts() {
        assert!(page.contains(&format!("| `{alert}` |")), "docs/metrics.md has no {alert}");
    }
}

#[test]
fn every_alert_has_a_test_that_fires_it() {
    let tests = read("deploy/prometheus/alerts_test.yml");
    for (alert, _) in alerts() {
        let fired = format!("alertname: {alert}, exp_alerts: [{{ exp_labels");
        let silent = format!("alertname: {alert}, exp_alerts: []");
        assert!(tests.contains(&fired) && tests.contains(&silent), "{alert}");
    }
}

/// Runs Prometheus's own tool, where it is installed.
#[test]
fn alerts_fire_by_their_causes() {
    let place = root().join("deploy/prometheus");
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        let Ok(output) = Command::new("promtool").args(arguments).current_dir(&place).output()
        else {
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}
