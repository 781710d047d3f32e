//! `l4d2ctl` as a person uses it: the whole main job, its exit statuses, and what happens when it is killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use l4d2_host::launcher::FailureKind;
use l4d2_host::spec::Specification;
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::free_port;
use crate::spec::specification;
use crate::support::{L4D2CTL, World, eventually, runs, world};

/// The program with this world's settings and nothing else of the environment.
fn l4d2ctl(world: &World, arguments: &[&str]) -> Command {
    let mut command = Command::new(L4D2CTL);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("L4D2_ROOT", &world.config.root).env("DATA_DIR", world.path().join("panel"));
    command.env("STEAMCMD", world.config.steamcmd.program.as_ref().unwrap());
    command.env("STOP_LIMIT_SECONDS", "2").env("START_LIMIT_SECONDS", "20");
    command
}

fn run(world: &World, arguments: &[&str]) -> Output {
    l4d2ctl(world, arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Stops the instance with its test.
struct Stopped<'a>(&'a World);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        let _ = l4d2ctl(self.0, &["delete", "one"]).output();
    }
}

fn initialize(world: &World, config: &[&str]) -> Output {
    let specification = Specification {
        port: free_port(),
        overlays: vec!["plugins".to_owned()],
        config: config.iter().map(|line| (*line).to_owned()).collect(),
        ..specification("one")
    };
    fs::create_dir_all(world.config.overlay_root.join("plugins/left4dead2/addons/plugin.vpk")).unwrap();
    let file = world.path().join("one.yaml");
    fs::write(&file, specification.to_yaml().unwrap()).unwrap();
    run(world, &["initialize", file.to_str().unwrap()])
}

#[test]
fn the_main_job_works_without_the_panel() {
    let world = world();
    let install = run(&world, &["install"]);
    assert_eq!(code(&install), 0, "{}", text(&install.stderr));
    assert!(text(&install.stdout).contains("Success! App '222860' fully installed."));
    assert_eq!(code(&initialize(&world, &["hostname Trial"])), 0);
    let _stopped = Stopped(&world);
    assert_eq!(code(&run(&world, &["status", "one"])), 3);

    let start = run(&world, &["start", "one"]);
    assert_eq!(code(&start), 0, "{}", text(&start.stderr));
    let again = run(&world, &["start", "one"]);
    assert_eq!((code(&again), text(&again.stderr).contains("runs already")), (0, true));
    let status = run(&world, &["status", "one"]);
    assert_eq!((code(&status), text(&status.stdout).starts_with("one: running, pid ")), (0, true));
    assert_eq!(code(&run(&world, &["install"])), 1, "not while a server runs");
    assert_eq!(code(&initialize(&world, &[])), 1, "not while it runs");

    let mut follower = l4d2ctl(&world, &["logs", "one", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    assert_eq!(code(&run(&world, &["console", "one", "echo", "from", "the console"])), 0);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "addon: plugin.vpk"), "the overlay's files are seen");
    assert!(lines.any(|line| line == "from the console"));
    // An interrupt ends the following, and nothing else.
    kill_process(Pid::from_child(&follower), Signal::INT).unwrap();
    assert!(follower.wait().unwrap().success());

    assert_eq!(code(&run(&world, &["stop", "one"])), 0);
    assert!(text(&run(&world, &["logs", "one", "-n", "3"]).stdout).contains("Server is quitting."));
    assert_eq!(code(&run(&world, &["stop", "one"])), 0);
    assert_eq!(code(&run(&world, &["console", "one", "status"])), 1);
    assert_eq!(code(&run(&world, &["delete", "one"])), 0);
    assert_eq!(code(&run(&world, &["delete", "one"])), 0);
    assert_eq!(code(&run(&world, &["status", "one"])), 1);
    assert!(!world.config.root.join("instances/one").exists());
}

#[test]
fn a_command_line_that_is_wrong_is_told_apart() {
    let world = world();
    for arguments in [&["start"][..], &["start", "../etc"], &["fly"], &["console", "one"], &["logs", "one", "-n", "x"]]
    {
        assert_eq!(code(&run(&world, arguments)), 2, "{arguments:?}");
    }
    let mut account = l4d2ctl(&world, &["install"]);
    assert_eq!(code(&account.env("STEAM_ACCOUNT", "robot").output().unwrap()), 2, "a password file belongs to it");
    for (limit, wrong) in [("GAME_MEMORY_MAX", "1M"), ("GAME_CPU_WEIGHT", "0"), ("GAME_TASKS_MAX", "few")] {
        let output = l4d2ctl(&world, &["doctor"]).env(limit, wrong).output().unwrap();
        let option = limit.to_lowercase().replace('_', "-");
        assert_eq!(code(&output), 2);
        assert!(text(&output.stderr).contains(&format!("--{option}")), "{}", text(&output.stderr));
    }
}

#[test]
fn a_supervisor_that_is_not_there_is_refused_and_auto_takes_the_other() {
    let world = world();
    let status = |supervisor| {
        let mut command = l4d2ctl(&world, &["doctor"]);
        // Also where systemd runs the machine, it can't be reached.
        command.env("SUPERVISOR", supervisor).env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/no/such/bus").output().unwrap()
    };
    let refused = status("systemd");
    assert_eq!(code(&refused), 1);
    let said = text(&refused.stderr);
    assert!(said.contains("SUPERVISOR is systemd, but systemd ") && said.contains(": "), "{said}");
    assert!(text(&status("auto").stdout).contains("kept by the embedded supervisor"));
}

#[test]
fn every_command_and_setting_is_explained() {
    let world = world();
    let help = text(&run(&world, &["--help"]).stdout);
    for word in ["install", "initialize", "start", "stop", "delete", "status", "logs", "console", "doctor"] {
        assert!(help.contains(&format!("\n  {word} ")), "{word}");
        assert_eq!(code(&run(&world, &[word, "--help"])), 0);
    }
    for setting in
        ["L4D2_ROOT", "OVERLAY_ROOT", "DATA_DIR", "SUPERVISOR", "STEAMCMD", "STEAM_PASSWORD_FILE", "GAME_MEMORY_MAX"]
    {
        assert!(help.contains(&format!("[env: {setting}=")), "{setting}");
    }
    for hidden in ["probe", "launch", "supervise"] {
        assert!(!help.contains(&format!("\n  {hidden} ")), "{hidden}");
    }
}

#[test]
fn the_doctor_prints_every_check() {
    let world = world();
    let output = run(&world, &["doctor"]);
    let checks = text(&output.stdout);
    assert!(checks.contains("ok      overlayfs"), "{checks}");
    assert_eq!(code(&output) == 0, !checks.contains("FAILED"));
}

/// Begins an install that hangs and leaves a child, and gives that child's number.
fn hanging_install(world: &World) -> (Child, u32) {
    world.steamcmd("MODE=child");
    let mut install = l4d2ctl(world, &["install"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(install.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.starts_with("left child ")).unwrap();
    (install, line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn an_interrupted_install_is_ended_whole() {
    let world = world();
    let (mut install, pid) = hanging_install(&world);
    kill_process(Pid::from_child(&install), Signal::INT).unwrap();
    assert_eq!(install.wait().unwrap().code(), Some(130));
    eventually("SteamCMD's child ends", || !runs(pid)).await;
}

#[tokio::test]
async fn what_a_killed_install_left_is_ended_by_the_next() {
    let world = world();
    let (mut install, pid) = hanging_install(&world);
    install.kill().unwrap();
    install.wait().unwrap();
    assert!(runs(pid), "nobody was left to end it");
    world.steamcmd("MS=0");
    let next = run(&world, &["install"]);
    assert_eq!(code(&next), 0, "{}", text(&next.stderr));
    eventually("SteamCMD's child ends", || !runs(pid)).await;
    assert_eq!(fs::read_dir(world.config.root.join("steps")).unwrap().count(), 0);
}

#[test]
fn the_limit_of_a_start_is_that_of_whoever_initialized_the_instance() {
    let world = world();
    let installation = world.config.root.join("installation");
    fs::create_dir_all(&installation).unwrap();
    fs::copy(crate::support::standin("standin-srcds"), installation.join("srcds_run")).unwrap();
    let arguments = vec!["+standin_bind_after 60000".to_owned()];
    let specification = Specification { port: free_port(), arguments, overlays: Vec::new(), ..specification("one") };
    let file = world.path().join("one.yaml");
    fs::write(&file, specification.to_yaml().unwrap()).unwrap();
    let output =
        l4d2ctl(&world, &["initialize", file.to_str().unwrap()]).env("START_LIMIT_SECONDS", "1").output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));

    let began = Instant::now();
    let output = l4d2ctl(&world, &["launch", "one"]).env("START_LIMIT_SECONDS", "50").output().unwrap();
    assert_eq!(code(&output), i32::from(FailureKind::NoPort.exit_code()), "{}", text(&output.stderr));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn a_root_that_games_see_is_refused() {
    let world = world();
    let root = world.path().join("link/l4d2-none");
    std::os::unix::fs::symlink("/usr", world.path().join("link")).unwrap();
    let output = l4d2ctl(&world, &["doctor"]).env("L4D2_ROOT", &root).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(code(&output), 1);
    assert!(said.contains("L4D2_ROOT") && said.contains("games see all of /usr"), "{said}");
}

#[test]
fn somebody_elses_root_is_refused_before_anything_is_made_in_it() {
    let world = world();
    let root = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&world.config.root, Some(1), None).unwrap();
        world.config.root.clone()
    } else {
        "/".into()
    };
    let before = fs::read_dir(&root).unwrap().count();
    let output = l4d2ctl(&world, &["initialize", "a file"]).env("L4D2_ROOT", &root).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(code(&output), 1);
    assert!(said.contains("sudo runuser -u ") && said.contains("initialize 'a file'"), "{said}");
    assert_eq!(fs::read_dir(&root).unwrap().count(), before);
}
