//! The description of the API: valid, and complete.

use std::collections::BTreeSet;

use crosswire::api::ProblemCode;
use regex::Regex;
use serde_json::Value;

use super::{call, problem, start};

const DOCUMENT: &str = include_str!("../../../src/api/openapi.json");
const ROUTES: &str = include_str!("../../../src/api/mod.rs");

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// Returns the operations of the description, each with its path.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                operations.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    operations
}

#[test]
fn description_is_valid() {
    let parsed = oas3::from_json(DOCUMENT).unwrap();
    assert!(parsed.validate_version().is_ok());
    let count = parsed.operations().count();
    assert_eq!(count, operations(&document()).len());
    // Every reference leads somewhere.
    let reference = Regex::new(r##""\$ref": "#([^"]+)""##).unwrap();
    for found in reference.captures_iter(DOCUMENT) {
        assert!(document().pointer(&found[1]).is_some(), "{}", &found[1]);
    }
}

#[test]
fn every_route_is_described() {
    let route = Regex::new(r#"(?:get|post|resource)\(\s*"(/[^"]+)""#).unwrap();
    let below = |path: &str| {
        let path = path.strip_prefix("/api").unwrap_or(path);
        format!("/api{path}")
    };
    let routes: BTreeSet<String> = route.captures_iter(ROUTES).map(|it| below(&it[1])).collect();
    let described: BTreeSet<String> =
        operations(&document()).into_iter().map(|(_, path, _)| path).collect();
    assert_eq!(routes, described);
}

#[test]
fn every_problem_is_described() {
    let document = document();
    let known = document.pointer("/components/schemas/Problem/properties/type/enum").unwrap();
    let known: BTreeSet<&str> =
        known.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let names = ProblemCode::ALL.map(|(_, name, ..)| format!("urn:crosswire:problem:{name}"));
    assert_eq!(known, names.iter().map(String::as_str).collect());
    for (_, name, status, _) in ProblemCode::ALL {
        let response = &document["components"]["responses"][status.to_string()];
        let description = response["description"].as_str().unwrap_or_default();
        assert!(description.contains(name), "{status} is not described as {name}");
    }
}

#[tokio::test]
async fn every_described_operation_exists_and_needs_a_token() {
    let deployment = start().await;
    for (method, path, operation) in operations(&document()) {
        let shown = path.replace("{id}", "x").replace("{topic}", "news");
        let with_token = call(deployment.call(&method, &shown)).await;
        let url = deployment.url(&shown);
        let method_of = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let without = call(reqwest::Client::new().request(method_of, url)).await;
        if operation["security"] == serde_json::json!([]) {
            assert_eq!((with_token.status, without.status), (200, 200), "{path}");
            assert_eq!(with_token.body, DOCUMENT);
            continue;
        }
        assert_eq!(problem(&without), "unauthorized", "{method} {path}");
        assert!(["not-found", "content-type"].contains(&problem(&with_token).as_str()));
        assert!(!with_token.body.contains("lists what there is"), "{method} {path}");
        let status = with_token.status.to_string();
        assert!(operation["responses"].get(&status).is_some(), "{method} {path}: {status}");
    }
}
