//! A disk that is full while a model file is written.
#![cfg(unix)]
// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use banach_model::container::{Container, FormatError};

/// Names the file to write, in the process whose files may not grow.
const TARGET: &str = "BANACH_TEST_SMALL_DISK_TARGET";

fn container(n_values: usize) -> Container {
    let mut container = Container::new();
    container
        .insert("a", &[n_values], vec![1.0; n_values])
        .unwrap();
    container
}

/// Runs itself again under a limit on the size of files, which fails like a full disk: after some bytes.
#[test]
fn a_full_disk_leaves_the_old_file_and_nothing_else() {
    if let Some(target) = std::env::var_os(TARGET) {
        let target = PathBuf::from(target);
        let error = container(1 << 20).write_file(&target).unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(
                error.cause(),
                FormatError::Io {
                    action: "write",
                    ..
                }
            ),
            "{text}"
        );
        assert!(text.contains("model.safetensors"), "{text}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.safetensors");
    container(3).write_file(&target).unwrap();
    let test = "a_full_disk_leaves_the_old_file_and_nothing_else";
    // Without the trap the signal for a too large file would end the process. 64 blocks are 32 or 64 KiB.
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact \"$1\" --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(TARGET, &target)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("1 passed"), "{said}");
    assert_eq!(Container::read_file(&target).unwrap(), container(3));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_named() {
    let error = container(3).write_file("/dev/full".as_ref()).unwrap_err();
    assert!(
        error.to_string().starts_with("/dev/full: cannot write: "),
        "{error}"
    );
}
