//! Cells of tables that people open in a spreadsheet.

/// Returns a text as a spreadsheet shows it: one that it would take for a formula gets an apostrophe in
/// front (OWASP, "CSV Injection").
pub fn harmless(text: &str) -> String {
    let formula = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let is_formula = text.trim_start().starts_with(formula) || text.starts_with(['\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}
