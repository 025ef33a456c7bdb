//! The commands `completions` and `man`.

use std::process::Command;

use super::{crosswire, output};

#[test]
fn completions_of_every_shell_offer_the_commands() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = output(&crosswire(directory.path(), &[], &["completions", shell]));
        for word in ["crosswire", "standalone", "fake-twilio"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn bash_completes_a_command() {
    let directory = tempfile::tempdir().unwrap();
    let script = output(&crosswire(directory.path(), &[], &["completions", "bash"]));
    let file = directory.path().join("completions");
    std::fs::write(&file, script).unwrap();
    let typed = "source \"$0\"; COMP_WORDS=(crosswire stand); COMP_CWORD=1; \
                 _crosswire crosswire stand crosswire; echo \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash").args(["-c", typed]).arg(&file).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "standalone\n", "{bash:?}");
}

#[test]
fn manual_has_a_page_and_one_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    let page = output(&crosswire(directory.path(), &[], &["man"]));
    assert!(page.contains(".TH crosswire 1") && page.contains("standalone"), "{page}");
    let pages = directory.path().join("share/man1");
    output(&crosswire(directory.path(), &[], &["man", pages.to_str().unwrap()]));
    for name in ["crosswire.1", "crosswire-worker.1", "crosswire-people-ban.1"] {
        let page =
            std::fs::read_to_string(pages.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
}
