//! The package's installation, step by step: its script with a stand-in for each program that it calls; and that README
//! shows what the package brings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const POSTINST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/deb/postinst");
/// All that it calls, which then changes nothing of this machine.
const PROGRAMS: [&str; 14] = [
    "cat",
    "chmod",
    "chown",
    "deb-systemd-helper",
    "deb-systemd-invoke",
    "grep",
    "head",
    "install",
    "mount",
    "mountpoint",
    "sed",
    "systemctl",
    "systemd-sysusers",
    "systemd-tmpfiles",
];

/// What the script calls where AppArmor's parser ends with a status, or is not there.
fn configured(parser: Option<i32>) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let programs = directory.path().join("bin");
    fs::create_dir(&programs).unwrap();
    for name in PROGRAMS {
        stand_in(&programs, name, &log, 0);
    }
    if let Some(status) = parser {
        stand_in(&programs, "apparmor_parser", &log, status);
    }
    let ran =
        Command::new("/bin/sh").args([POSTINST, "configure"]).env_clear().env("PATH", &programs).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    fs::read_to_string(log).unwrap().lines().map(ToOwned::to_owned).collect()
}

fn stand_in(directory: &Path, name: &str, log: &Path, status: i32) {
    let program = directory.join(name);
    fs::write(&program, format!("#!/bin/sh\necho \"{name} $*\" >>'{}'\nexit {status}\n", log.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_apparmor_profile_is_installed_where_apparmor_can_read_it_and_nowhere_else() {
    let installed =
        |calls: &[String]| calls.iter().any(|call| call.starts_with("install ") && call.ends_with("/l4d2ctl"));
    let able = configured(Some(0));
    let tried = "apparmor_parser --skip-kernel-load --skip-cache /usr/share/l4d2-web/l4d2ctl.apparmor";
    assert!(able.iter().any(|call| call == tried) && installed(&able), "{able:?}");
    assert!(able.iter().any(|call| call.ends_with("--skip-read-cache /etc/apparmor.d/l4d2ctl")), "{able:?}");
    for without in [configured(Some(1)), configured(None)] {
        assert!(!installed(&without) && !without.iter().any(|call| call.contains("--replace")), "{without:?}");
        assert!(without.iter().any(|call| call.starts_with("deb-systemd-helper ")), "it goes on: {without:?}");
    }
}

#[test]
fn readme_has_the_apparmor_profile_that_the_package_brings() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let profile = read("../packaging/l4d2ctl.apparmor");
    let lines: Vec<&str> = profile.lines().filter(|line| !line.starts_with('#')).collect();
    let rules = lines.join("\n");
    assert!(read("../README.md").contains(&format!("```\n{}\n```", rules.trim())), "{rules}");
}
