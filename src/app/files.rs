//! Files that a command writes for a person: none is replaced unless they ask for it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// File to write.
pub(super) struct NewFile {
    /// Path below the directory of all files.
    pub(super) path: String,
    pub(super) text: String,
    /// Is for its owner alone, because it holds secrets.
    pub(super) is_secret: bool,
}

impl NewFile {
    pub(super) fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text, is_secret: false }
    }
}

/// Writes files below a directory. When one of them exists, none is written.
pub(super) fn write_new(directory: &Path, files: &[NewFile]) -> anyhow::Result<()> {
    let existing = existing(directory, files);
    if !existing.is_empty() {
        let names: Vec<_> = existing.iter().map(|path| path.display().to_string()).collect();
        bail!("already there: {}; nothing was written", names.join(", "));
    }
    files.iter().try_for_each(|file| write(directory, file))
}

/// Writes files below a directory. One that exists is kept beside the new one, under the ending `.bak`.
pub(super) fn replace(directory: &Path, files: &[NewFile]) -> anyhow::Result<()> {
    for path in existing(directory, files) {
        let mut kept = path.clone().into_os_string();
        kept.push(".bak");
        let context = || format!("cannot keep {} as {}", path.display(), kept.display());
        fs::rename(&path, &kept).with_context(context)?;
    }
    files.iter().try_for_each(|file| write(directory, file))
}

fn existing(directory: &Path, files: &[NewFile]) -> Vec<PathBuf> {
    let paths = files.iter().map(|file| directory.join(&file.path));
    // A link that leads nowhere is there, too.
    paths.filter(|path| path.symlink_metadata().is_ok()).collect()
}

fn write(directory: &Path, file: &NewFile) -> anyhow::Result<()> {
    let path = directory.join(&file.path);
    let written = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = if file.is_secret { 0o600 } else { 0o666 };
        // A file that another program creates meanwhile is not replaced.
        let mut out = File::options().write(true).create_new(true).mode(mode).open(&path)?;
        out.write_all(file.text.as_bytes())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}
