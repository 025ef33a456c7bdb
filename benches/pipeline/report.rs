//! Figures as they are printed: a name, a value, and what was measured beside it in the same run.

pub(crate) fn title(text: &str) {
    println!("\n{text}");
}

pub(crate) fn line(name: &str, value: &str, beside: &str) {
    println!("  {name:<40} {value:>14}   {beside}");
}

/// Microseconds.
pub(crate) fn micros(micros: f64) -> String {
    format!("{micros:.1} us")
}

pub(crate) fn per_second(rate: f64) -> String {
    format!("{rate:.0} /s")
}

pub(crate) fn decimal(number: f64) -> String {
    format!("{number:.1}")
}

pub(crate) fn millis(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

pub(crate) fn megabytes(bytes: f64) -> String {
    format!("{:.0} MB", bytes / 1e6)
}

/// Comparison with something that was measured in the same run.
pub(crate) fn times(value: f64, reference: f64, unit: &str, of: &str) -> String {
    format!("{:.2} x the {reference:.1} {unit} of {of}", value / reference)
}

/// Median of a figure of several rounds.
pub(crate) fn median<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(figure).collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    if all.len().is_multiple_of(2) {
        f64::midpoint(all[middle - 1], all[middle])
    } else {
        all[middle]
    }
}

/// Value that a share of all does not exceed.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}
