//! Rates and budgets of sending, among the keys of the table `sending`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Value;

use crate::contracts::settings::Section;
use crate::model::budget::Budgets;
use crate::model::topic::LineRate;

/// Largest number of segments per second of a line.
const FASTEST: f64 = 10_000.0;

/// Reads `rate`: segments per second, or "auto".
pub(super) fn rate(section: &mut Section<'_>) -> LineRate {
    let per_second = match section.value("rate") {
        None => return LineRate::Auto,
        Some(Value::String(word)) if word == "auto" => return LineRate::Auto,
        #[expect(clippy::cast_precision_loss, reason = "rates are small")]
        Some(Value::Integer(number)) => number as f64,
        Some(Value::Float(number)) => number,
        Some(_) => f64::NAN,
    };
    if per_second == 0.0 {
        return LineRate::Unlimited;
    }
    if !(0.001..=FASTEST).contains(&per_second) {
        let fix = "write segments per second, from 0.001 to 10000, 0 for no limit, or \"auto\"";
        section.error("rate", "is no rate", fix);
        return LineRate::Auto;
    }
    LineRate::Every(Duration::from_secs_f64(1.0 / per_second))
}

/// Reads the budgets and the countries.
pub(super) fn budgets(section: &mut Section<'_>) -> Budgets {
    let daily_segments = section.get("daily_segments");
    let allowed = prefixes(section, "allow_countries");
    let refused = prefixes(section, "refuse_countries");
    let mut countries = BTreeMap::new();
    for (prefix, mut table) in section.sections("countries") {
        let limit = table.get("daily_segments");
        if !is_prefix(&prefix) {
            table.error("", "is no country", FIX);
        }
        if limit.is_none() {
            let fix = "write the number of segments of a day";
            table.error("daily_segments", "is missing", fix);
        }
        table.finish();
        countries.extend(limit.map(|limit| (prefix, limit)));
    }
    Budgets { daily_segments, countries, allowed, refused }
}

const FIX: &str = "write the beginning of its numbers in E.164, such as \"+44\"";

fn prefixes(section: &mut Section<'_>, key: &str) -> Vec<String> {
    let prefixes: Vec<String> = section.get(key).unwrap_or_default();
    for prefix in prefixes.iter().filter(|prefix| !is_prefix(prefix)) {
        section.error(key, &format!("{prefix:?} is no country"), FIX);
    }
    prefixes
}

fn is_prefix(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
