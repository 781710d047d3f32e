//! What the panel's settings let a game use, set by the panel's own user.

use std::fs;
use std::path::Path;

use crate::machine::panel::{DATA_DIR, DropIn, as_user, delete, property, refused, sign_up, succeed, unit_of};

const DROP_IN: &str = "/etc/systemd/system/l4d2-web.service.d/limits.conf";

async fn restart_panel() {
    succeed(&["systemctl", "restart", "l4d2-web.service"]).await;
}

/// What the kernel says, where the machine's cgroups have that controller.
async fn in_cgroup(unit: &str, file: &str) -> Option<String> {
    let group = property(unit, "ControlGroup").await;
    let path = Path::new("/sys/fs/cgroup").join(group.trim_start_matches('/')).join(file);
    let found = fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    println!("{file}: {}", found.as_deref().unwrap_or("this machine's cgroups have no such controller"));
    found
}

#[tokio::test]
async fn settings_of_the_panel_limit_its_games() {
    let limits = "[Service]\nEnvironment=GAME_MEMORY_MAX=512M GAME_CPU_WEIGHT=250 GAME_TASKS_MAX=77\n";
    let drop_in = DropIn::new(DROP_IN, limits).await;
    restart_panel().await;
    let alice = sign_up("limits").await;
    let server = alice.server("limits", &[]).await;
    alice.succeed(&server, "start").await;
    let unit = unit_of("limits");
    for (name, file, expected) in
        [("MemoryMax", "memory.max", "536870912"), ("CPUWeight", "cpu.weight", "250"), ("TasksMax", "pids.max", "77")]
    {
        assert_eq!(property(&unit, name).await, expected, "{name}");
        assert!(in_cgroup(&unit, file).await.is_none_or(|found| found == expected), "{file}");
    }
    drop(drop_in);
    restart_panel().await;
    // Without them the next start is free again.
    alice.succeed(&server, "restart").await;
    assert_eq!(property(&unit, "MemoryMax").await, "infinity");
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

#[tokio::test]
async fn a_limit_that_is_none_is_an_error_at_the_start_that_names_it() {
    for (option, value) in [("--game-memory-max", "plenty"), ("--game-cpu-weight", "0"), ("--game-tasks-max", "1")] {
        let line = ["l4d2-web", "serve", "--data-dir", DATA_DIR, option, value];
        let said = refused(&as_user("l4d2-web", &line)).await;
        let setting = option.trim_start_matches("--").replace('-', "_").to_uppercase();
        assert!(said.contains(&setting), "{said}");
    }
}
