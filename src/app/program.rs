//! The program's name and version, as people see them.

use std::path::Path;

/// Version of this crate.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Programs of this crate itself.
const OWN: [&str; 3] = ["crosswire", "web", "worker"];

/// Name and version of a program: those of Crosswire, or of an app that is built on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// Absent for Crosswire itself.
    app: Option<AppName>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AppName {
    name: String,
    version: Option<String>,
}

impl Program {
    /// The program of this crate itself.
    pub(super) fn own() -> Self {
        Self { app: None }
    }

    pub(super) fn named(name: &str, version: &str) -> Self {
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        Self { app: Some(AppName { name: name.to_owned(), version }) }
    }

    /// Returns the program of an executable, called by its file name.
    pub(super) fn of_executable(executable: &Path) -> Self {
        match executable.file_stem().and_then(|name| name.to_str()) {
            Some(name) if !OWN.contains(&name) => Self::named(name, ""),
            _ => Self::own(),
        }
    }

    /// Returns the name of the program in prose.
    pub(super) fn title(&self) -> &str {
        self.app.as_ref().map_or("Crosswire", |app| app.name.as_str())
    }

    /// Returns the versions of the program and of Crosswire.
    pub(super) fn version(&self) -> String {
        match &self.app {
            None => VERSION.to_owned(),
            Some(AppName { version: None, .. }) => format!("(Crosswire {VERSION})"),
            Some(AppName { version: Some(version), .. }) => {
                format!("{version} (Crosswire {VERSION})")
            }
        }
    }

    /// Returns whether this is the program of this crate itself.
    pub(super) fn is_own(&self) -> bool {
        self.app.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executable_names_the_program_unless_it_is_of_this_crate() {
        for own in ["/usr/bin/crosswire", "target/debug/web", "worker", "/"] {
            assert_eq!(Program::of_executable(Path::new(own)), Program::own(), "{own}");
        }
        let desk = Program::of_executable(Path::new("/srv/desk"));
        assert_eq!(desk.title(), "desk");
        assert_eq!(desk.version(), format!("(Crosswire {VERSION})"));
    }
}
