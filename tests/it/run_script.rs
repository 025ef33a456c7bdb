//! tests/run on a machine without Redis.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Programs that the script needs before its first stage is over.
const PROGRAMS: [&str; 8] = ["bash", "cat", "dirname", "env", "mktemp", "rm", "sleep", "touch"];

/// A machine whose `apt-get` only records that it was called, and fails.
struct Machine(TempDir);

impl Machine {
    fn without_redis() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for program in PROGRAMS {
            let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(program));
            let found = found.into_iter().find(|path| path.exists()).unwrap();
            symlink(found, machine.0.path().join(program)).unwrap();
        }
        let called = machine.called();
        machine.program("apt-get", &format!("touch {}; exit 1", called.display()));
        machine.program("sudo", "while [ \"${1#-}\" != \"$1\" ]; do shift; done; exec \"$@\"");
        machine.program("id", "echo 1000");
        machine
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.0.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn called(&self) -> std::path::PathBuf {
        self.0.path().join("apt-get-was-called")
    }

    fn run(&self, ci: &str) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
        let mut run = Command::new(self.0.path().join("bash"));
        run.env_clear().env("PATH", self.0.path()).env("CI", ci).arg(script).output().unwrap()
    }
}

#[test]
fn missing_program_is_installed_in_ci_only() {
    let machine = Machine::without_redis();
    let output = machine.run("");
    assert!(!output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("install it, for instance by: sudo apt-get install redis-server"));
    assert!(!machine.called().exists(), "{printed}");
    assert!(!machine.run("true").status.success());
    assert!(machine.called().exists());
}
