//! Assembly of a router: every app that it names is built, and every error reported.

use std::sync::Arc;

use serde_json::Value;

use super::{Built, PartContext};
use crate::contracts::handler::DynHandler;
use crate::contracts::settings::{SettingsErrors, build_part, did_you_mean};
use crate::handlers::router::{App, Route, RouteSettings, Router, RouterSettings};
use crate::model::topic::Properties;

/// Builds a router from its topic's `[properties]`: its own settings, and a table for each app.
pub(super) fn build(table: &Properties, context: &PartContext<'_>) -> Built<dyn DynHandler> {
    let (own, tables) = split(table, &RouterSettings::KEYS);
    let settings = build_part(&own, |settings: RouterSettings| Ok(settings))?;
    let mut errors = SettingsErrors::default();
    settings.check(&mut errors);
    for key in tables.keys().filter(|key| !settings.apps.contains(key)) {
        let known = settings.apps.iter().map(String::as_str).chain(RouterSettings::KEYS);
        let fix = did_you_mean(key, known);
        errors.add(key, format!("no such key, and no app of this router; {fix}"));
    }
    let mut apps = Vec::new();
    for name in &settings.apps {
        apps.extend(app(name, tables.get(name), context, &mut errors));
    }
    errors.into_result()?;
    Ok(Arc::new(Router::new(apps, settings.default)))
}

fn split(table: &Properties, keys: &[&str]) -> (Properties, Properties) {
    table.clone().into_iter().partition(|(key, _)| keys.contains(&key.as_str()))
}

/// Builds one app, or adds its errors under the key of its table.
fn app(
    name: &str,
    table: Option<&Value>,
    context: &PartContext<'_>,
    errors: &mut SettingsErrors,
) -> Option<App> {
    let table = match table {
        None => Properties::new(),
        Some(Value::Object(table)) => table.clone(),
        Some(_) => {
            errors.add(name, "is an app; write a table with its settings");
            return None;
        }
    };
    let (own, properties) = split(&table, &RouteSettings::KEYS);
    let named = own.get("handler").and_then(Value::as_str);
    let handler = handler(name, named, &properties, context, errors);
    match build_part(&own, Route::new) {
        Ok(route) => Some(App { name: name.to_owned(), handler: handler?, route }),
        Err(found) => {
            errors.add_within(name, found);
            None
        }
    }
}

fn handler(
    app: &str,
    named: Option<&str>,
    properties: &Properties,
    context: &PartContext<'_>,
    errors: &mut SettingsErrors,
) -> Option<Arc<dyn DynHandler>> {
    let name = named.unwrap_or(app);
    let known = &context.registry.handlers;
    let Some(build) = known.get(name) else {
        let key = if named.is_some() { format!("{app}.handler") } else { "apps".to_owned() };
        let fix = did_you_mean(name, known.keys().map(String::as_str));
        errors.add(&key, format!("nothing is called {name:?}; {fix}"));
        return None;
    };
    build(properties, context).map_err(|found| errors.add_within(app, found)).ok()
}
