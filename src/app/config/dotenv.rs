//! The file `.env`: variables for the environment of this process, of which its own take precedence.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{anyhow, bail};
use dotenvy::Error;

/// Reads the variables of a file, in their order; none when there is no file. Errors quote nothing of
/// it, since it holds secrets.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let name = file.display();
    let lines = match dotenvy::from_path_iter(file) {
        Ok(lines) => lines,
        Err(Error::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => bail!("{name}: cannot be read ({error}); make it readable, or remove it"),
    };
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in lines {
        let after = || match variables.last() {
            Some((last, _)) => format!("the line after {last}"),
            None => "the first line".to_owned(),
        };
        let unreadable = |_| {
            let fix = "write NAME=value, and a value with blanks or $ in single quotes";
            anyhow!("{name}: {} cannot be read; {fix}", after())
        };
        let variable = line.map_err(unreadable)?;
        variables.push(variable);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> anyhow::Result<Vec<(String, String)>> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(".env");
        std::fs::write(&file, text).unwrap();
        read(&file)
    }

    #[test]
    fn variables_are_read_with_quotes_and_comments() {
        let text = "# settings\nA=1\nexport B = 'a $b #c' # d\n\nC=\n";
        let read = read_text(text).unwrap();
        let expected = [("A", "1"), ("B", "a $b #c"), ("C", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }

    #[test]
    fn error_quotes_no_secret() {
        let error = read_text("A=1\nSECRET_KEY=se cr et\n").unwrap_err().to_string();
        assert!(error.contains("the line after A cannot be read; write NAME=value"), "{error}");
        assert!(!error.contains("cr"), "{error}");
    }

    #[test]
    fn missing_file_has_no_variables() {
        assert_eq!(read(Path::new("/no/such/.env")).unwrap(), []);
        assert!(read(Path::new("/")).unwrap_err().to_string().contains("cannot be read"));
    }
}
