//! `apt install` on a bare Debian leaves a running panel and says what to do next.

use l4d2_contract::{HostInfo, HostSupervisor};

use super::panel::{ADDRESS, ADMIN, as_user, property, sign_up, succeed};

#[tokio::test]
async fn apt_leaves_a_running_panel_and_says_what_to_do_next() {
    let package = std::env::var("L4D2_PACKAGE").expect("scripts/test-booted names it");
    let printed = succeed(&["apt-get", "install", "--yes", &package]).await;
    println!("{printed}");
    assert!(printed.contains(ADDRESS), "{printed}");
    for unit in ["l4d2-web.service", "l4d2-web.socket"] {
        assert_eq!(property(unit, "ActiveState").await, "active", "{unit}");
        assert_eq!(property(unit, "UnitFileState").await, "enabled", "{unit}");
    }
    let health = reqwest::get(format!("{ADDRESS}/health")).await.expect("an answer");
    assert_eq!(health.text().await.expect("a body"), r#"{"status":"ok"}"#);

    // The next step, to the letter.
    let admin = sign_up(ADMIN).await;
    let step = printed.lines().find(|line| line.contains("promote-admin")).expect("the next step");
    let step = step.trim().replace("YOUR_NAME", ADMIN);
    let said = succeed(&step.split(' ').collect::<Vec<_>>()).await;
    assert!(said.contains("is now an admin"), "{said}");
    let host: HostInfo = admin.get("/host").await;
    assert_eq!(host.supervisor, HostSupervisor::Systemd);
    for check in
        host.checks.iter().filter(|check| ["root", "overlayfs", "landlock", "user"].contains(&check.id.as_str()))
    {
        assert_eq!(check.status, l4d2_contract::DoctorStatus::Ok, "{check:?}");
    }
    // What every later test stands on.
    admin.install().await;
}

#[tokio::test]
async fn the_package_brings_pages_and_completions_and_nothing_setuid() {
    let files = succeed(&["dpkg", "--listfiles", "l4d2-web"]).await;
    for file in [
        "/usr/share/man/man1/l4d2-web.1.gz",
        "/usr/share/man/man1/l4d2-web-serve.1.gz",
        "/usr/share/man/man1/l4d2ctl.1.gz",
        "/usr/share/bash-completion/completions/l4d2-web",
        "/usr/share/zsh/vendor-completions/_l4d2ctl",
        "/usr/share/fish/vendor_completions.d/l4d2ctl.fish",
        "/usr/share/doc/l4d2-web/copyright",
    ] {
        assert!(files.lines().any(|line| line == file), "{file} in {files}");
    }
    let conffiles = succeed(&["dpkg-query", "--show", "--showformat", "${Conffiles}", "l4d2-web"]).await;
    assert!(conffiles.contains("/etc/l4d2-web/config.toml"), "{conffiles}");
    let mode = succeed(&["stat", "--format", "%a %U:%G", "/etc/l4d2-web/config.toml"]).await;
    assert_eq!(mode.trim(), "640 root:l4d2-web", "it may hold a password");
    let with_rights = succeed(&["find", "/usr/bin/l4d2-web", "/usr/bin/l4d2ctl", "-perm", "/7000"]).await;
    assert_eq!(with_rights, "");
    succeed(&as_user("l4d2-web", &["l4d2ctl", "--version"])).await;
}
