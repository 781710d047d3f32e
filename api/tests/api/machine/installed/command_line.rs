//! The programs on a machine with the package: they know its settings, and refuse a user whose files the panel can't use.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::machine::panel::{DATA_DIR, ROOT, as_user, refused, run, said, succeed};

#[tokio::test]
async fn root_is_told_to_be_the_panels_user_before_it_makes_files_of_its_own() {
    for line in [
        &["l4d2ctl", "install"][..],
        &["l4d2ctl", "initialize", "/tmp/a b.yaml"],
        &["l4d2ctl", "start", "one"],
        &["l4d2ctl", "delete", "one"],
        &["l4d2ctl", "doctor"],
        &["l4d2-web", "doctor"],
    ] {
        let said = refused(line).await;
        let command = line.join(" ").replace("/tmp/a b.yaml", "'/tmp/a b.yaml'");
        assert!(said.contains(&format!("sudo runuser -u l4d2-web -- {command}")), "{said}");
    }
    let panel = fs::metadata(ROOT).expect("there").uid();
    for entry in fs::read_dir(ROOT).expect("readable").flatten() {
        assert_eq!(entry.metadata().expect("there").uid(), panel, "{:?}", entry.path());
    }
}

/// What the doctor says as the panel's user with some more options, or with a group less.
async fn doctor_refuses(before: &[&str], options: &[&str]) -> String {
    let line = ["l4d2-web", "doctor", "--data-dir", DATA_DIR, "--supervisor", "systemd"];
    refused(&[before, &line, options].concat()).await
}

#[tokio::test]
async fn directories_that_the_units_do_not_have_are_refused() {
    let be_panel = ["runuser", "-u", "l4d2-web", "--"];
    let other = "/opt/l4d2/other-overlays";
    let said = doctor_refuses(&be_panel, &["--overlay-root", other]).await;
    assert!(said.contains("OVERLAY_ROOT") && said.contains(other) && said.contains("/opt/l4d2/overlays"), "{said}");
    let other_root = "/opt/l4d2/other-root";
    let said_of_root = doctor_refuses(&be_panel, &["--l4d2-root", other_root]).await;
    assert!(said_of_root.contains("L4D2_ROOT") && said_of_root.contains(other_root), "{said_of_root}");
    for made in [other, other_root] {
        let _ = fs::remove_dir_all(made);
    }
}

#[tokio::test]
async fn a_panel_that_may_not_read_the_journal_is_told_which_group_lacks() {
    let without = ["setpriv", "--reuid", "l4d2-web", "--regid", "l4d2-web", "--clear-groups"];
    let said = doctor_refuses(&without, &[]).await;
    assert!(said.contains("journal") && said.contains("usermod -aG systemd-journal l4d2-web"), "{said}");
}

#[tokio::test]
async fn the_panels_user_needs_no_option_to_find_the_panel() {
    let doctor = run(&as_user("l4d2-web", &["l4d2ctl", "doctor"])).await;
    let said_by_doctor = said(&doctor);
    assert!(said_by_doctor.contains("/var/lib/l4d2-web/steamcmd"), "{said_by_doctor}");
    assert!(said_by_doctor.contains("kept by the systemd supervisor"), "{said_by_doctor}");
    let said = succeed(&as_user("l4d2-web", &["l4d2-web", "doctor"])).await;
    assert!(said.contains("/var/lib/l4d2-web/steamcmd"), "{said}");
    // Who may not read them is told so, instead of being shown another panel that is not there.
    let said = refused(&as_user("nobody", &["l4d2-web", "doctor"])).await;
    assert!(said.contains("/etc/l4d2-web/config.toml") && said.contains("DATA_DIR"), "{said}");
}
