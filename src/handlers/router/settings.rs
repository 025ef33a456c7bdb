//! Settings of a router, beside the tables of its apps.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::contracts::settings::SettingsErrors;
use crate::model::topic::TopicName;

/// Maximum number of apps. Each costs a message some calls.
const MAX_APPS: usize = 64;

/// Settings of a router: `apps`, the names of its apps in their order, and `default`, the answer to a
/// message that no app has handled.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterSettings {
    pub apps: Vec<String>,
    pub default: Option<String>,
}

impl RouterSettings {
    /// Keys of the router itself; every other one is the table of an app.
    pub const KEYS: [&str; 2] = ["apps", "default"];

    /// Reports every setting that cannot work.
    pub fn check(&self, errors: &mut SettingsErrors) {
        if !(1..=MAX_APPS).contains(&self.apps.len()) {
            errors.add("apps", format!("must have 1 to {MAX_APPS} names; correct the list"));
        }
        let mut known = BTreeSet::new();
        for app in &self.apps {
            if Self::KEYS.contains(&app.as_str()) {
                errors.add("apps", format!("{app:?} is a key of the router; choose another name"));
            } else if app.parse::<TopicName>().is_err() {
                let rule = "an app's name is 1 to 64 of a-z A-Z 0-9 _ and -";
                errors.add("apps", format!("{app:?} cannot be a name: {rule}; choose another"));
            } else if !known.insert(app) {
                let fix = "list it once, or another name with `handler` in its table";
                errors.add("apps", format!("{app:?} is listed twice; {fix}"));
            }
        }
        let length = self.default.as_ref().map(|text| text.chars().count());
        if length.is_some_and(|length| !(1..=1600).contains(&length)) {
            errors.add("default", "must have 1 to 1600 characters; correct the value");
        }
    }
}
