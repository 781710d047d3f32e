//! Installs with the stand-in for SteamCMD, well-behaved and otherwise.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use l4d2_host::steamcmd::Recipe;
use l4d2_host::supervisor::ActualState;
use l4d2_host::{HostError, OutputSink, OutputStream};
use tokio_util::sync::CancellationToken;

use crate::support::{World, eventually, listen, name, runs, until_said, world};

#[tokio::test]
async fn a_fresh_install_works_by_either_recipe() {
    for (recipe, runs) in [(Recipe::TwoRuns, 2), (Recipe::OneRun, 1)] {
        let mut world = world();
        world.config.steamcmd.recipe = recipe;
        assert_eq!(world.host().installation().await, None);
        let (result, said) = world.install().await;
        assert_eq!(result.unwrap(), Some(0));
        assert_eq!(said.count("running "), runs);
        assert_eq!(said.count("Success! App '222860'"), 2);
        let installation = world.host().installation().await.unwrap();
        assert_eq!(installation.build_id.as_deref(), Some("17214511"));
        assert_eq!(installation.version.as_deref(), Some("2.2.4.3"));
        assert!(installation.size_bytes.is_some() && installation.updated_at.is_some());
        let library = world.config.root.join("installation/.steam/sdk32/steamclient.so");
        assert!(library.is_file(), "the game finds SteamCMD's library");
    }
}

#[tokio::test]
async fn progress_goes_from_nought_to_one_and_never_back() {
    let world = world();
    let (result, said) = world.install().await;
    result.unwrap();
    assert!(said.progress.is_sorted(), "{:?}", said.progress);
    assert!(said.progress.len() > 20);
    assert!(said.progress[0] < 0.1);
    assert!((said.progress[said.progress.len() - 1] - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn the_plain_linux_install_fails_as_reported() {
    // Guards the stand-in: without the detour through Windows it refuses, as the real one does.
    let world = world();
    let directory = world.path().join("empty");
    let output = std::process::Command::new(world.config.steamcmd.program.unwrap())
        .args(["+force_install_dir", directory.to_str().unwrap(), "+login", "anonymous"])
        .args(["+app_update", "222860", "validate", "+quit"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ERROR! Failed to install app '222860' (Invalid platform)"), "{text}");
}

#[tokio::test]
async fn an_update_is_one_run() {
    let world = world();
    world.install().await.0.unwrap();
    let (result, said) = world.install().await;
    result.unwrap();
    assert_eq!((said.count("running "), said.count("windows")), (1, 0));
}

#[tokio::test]
async fn the_two_transient_errors_are_tried_again() {
    for words in ["Invalid platform", "Missing configuration"] {
        let world = world();
        world.steamcmd(&format!("MS=0\nMODE=error:{words}:2"));
        let (result, said) = world.install().await;
        result.unwrap();
        assert_eq!(said.count("trying again"), 2, "{words}");
        assert!(world.host().installation().await.is_some());
    }
}

#[tokio::test]
async fn a_transient_error_that_stays_is_told_after_all_attempts() {
    let world = world();
    world.steamcmd("MS=0\nMODE=error:Invalid platform");
    let (result, said) = world.install().await;
    let error = result.unwrap_err();
    assert_eq!(said.count("running "), 4);
    assert!(error.to_string().contains("invalid platform"), "{error}");
    assert_eq!(error.exit_code(), Some(8));
}

#[tokio::test]
async fn other_errors_are_not_tried_again() {
    for (mode, words) in [
        ("error:No subscription", "no subscription"),
        ("error:Something new", "Something new"),
        ("state:0x602", "0x602"),
        ("state:0x402", "0x402"),
        ("lie", "never said that the game is installed"),
        ("crash", "ended by a signal"),
    ] {
        let world = world();
        world.steamcmd(&format!("MS=0\nMODE={mode}"));
        let (result, said) = world.install().await;
        let error = result.unwrap_err();
        assert!(error.to_string().contains(words), "{mode}: {error}");
        assert_eq!(said.count("running "), 1, "{mode}");
    }
}

#[tokio::test]
async fn a_full_disk_is_an_error_of_its_own() {
    for state in ["0x202", "0x212"] {
        let world = world();
        world.steamcmd(&format!("MS=0\nMODE=state:{state}"));
        assert!(matches!(world.install().await.0, Err(HostError::DiskFull { .. })));
    }
}

#[tokio::test]
async fn the_exit_status_is_not_trusted() {
    let world = world();
    world.steamcmd("MS=0\nMODE=exit:7");
    world.install().await.0.unwrap();
}

#[tokio::test]
async fn floods_long_lines_and_broken_text_come_through() {
    let world = world();
    world.steamcmd("MS=0\nMODE=flood:20000");
    let (result, said) = world.install().await;
    result.unwrap();
    let numbers = said.lines.iter().filter_map(|(_, text)| text.strip_prefix("flood line ")?.split(' ').next());
    let numbers: Vec<u32> = numbers.map(|number| number.parse().unwrap()).collect();
    assert!(numbers.iter().copied().eq((1..=20_000).chain(1..=20_000)), "each of the two runs comes whole");
    world.steamcmd("MS=0\nMODE=longline:1000000");
    let (result, said) = world.install().await;
    result.unwrap();
    let longest = said.lines.iter().map(|(_, text)| text.chars().count()).max().unwrap();
    assert!((500..520).contains(&longest), "{longest}");
    world.steamcmd("MS=0\nMODE=binary");
    let (result, said) = world.install().await;
    result.unwrap();
    assert!(said.has("binary \u{FFFD}") && !said.has("\0"));
}

#[tokio::test]
async fn output_is_prompt() {
    // Without a terminal the stand-in, like the real one, would print nothing before its end.
    let world = world();
    world.steamcmd("MODE=hang");
    let cancel = CancellationToken::new();
    let (output, mut receiver) = OutputSink::channel(64);
    let host = world.host();
    let watch = async {
        until_said(&mut receiver, "Update state (0x61)").await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(host.install(&output, &cancel), watch);
    assert!(matches!(result, Err(HostError::Cancelled)));
}

#[tokio::test]
async fn cancelling_ends_steamcmd_and_its_children() {
    let world = world();
    world.steamcmd("MODE=child");
    let cancel = CancellationToken::new();
    let (output, mut receiver) = OutputSink::channel(64);
    let host = world.host();
    let watch = async {
        let line = until_said(&mut receiver, "left child ").await;
        let pid: u32 = line.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(runs(pid));
        cancel.cancel();
        pid
    };
    let (result, pid) = tokio::join!(host.install(&output, &cancel), watch);
    assert!(matches!(result, Err(HostError::Cancelled)));
    eventually("the child ends", || !runs(pid)).await;
}

#[tokio::test]
async fn an_install_that_takes_too_long_fails() {
    let mut world = world();
    world.config.steamcmd.time_limit = Duration::from_millis(500);
    world.steamcmd("MODE=hang");
    let (result, _) = world.install().await;
    assert!(matches!(result, Err(HostError::TimedOut { step: "steamcmd", .. })), "{result:?}");
    // Nothing is held that would keep the next one from working.
    world.config.steamcmd.time_limit = Duration::from_mins(1);
    world.steamcmd("MS=0");
    world.install().await.0.unwrap();
}

fn with_account(world: &mut World, password: &str) {
    let file = world.path().join("password");
    fs::write(&file, format!("{password}\n")).unwrap();
    world.config.steamcmd.account = Some("robot".to_owned());
    world.config.steamcmd.password_file = Some(file);
}

/// Whether any process of the machine shows these words in its command line or environment.
fn process_list_shows(words: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.map(|entry| entry.path()).any(|path| {
        ["cmdline", "environ"].iter().any(|file| {
            let bytes = fs::read(path.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(words)
        })
    })
}

#[tokio::test]
async fn the_password_is_in_no_process_list_no_log_and_no_file_left_behind() {
    let mut world = world();
    let password = format!("secret-{}", std::process::id());
    with_account(&mut world, &password);
    world.steamcmd("MODE=hang");
    let script = world.config.steamcmd.data_dir.join("steamcmd-script.txt");
    let cancel = CancellationToken::new();
    let host = world.host();
    let (result, said) = listen(|output| {
        let (cancel, script) = (cancel.clone(), script.clone());
        async move {
            let watch = async {
                eventually("the script is written", || script.exists()).await;
                assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o777, 0o600);
                eventually("the run begins", || process_list_shows("steamcmd-script.txt")).await;
                assert!(!process_list_shows(&password), "the password is in the process list");
                cancel.cancel();
                password
            };
            tokio::join!(host.install(&output, &cancel), watch)
        }
    })
    .await;
    let (result, password) = result;
    assert!(matches!(result, Err(HostError::Cancelled)));
    assert!(!said.has(&password));
    assert!(!script.exists());
}

#[tokio::test]
async fn an_account_signs_in_by_script() {
    let mut world = world();
    with_account(&mut world, "right one");
    let (result, said) = world.install().await;
    result.unwrap();
    assert!(said.has("Logging in user 'robot'"));
    with_account(&mut world, "wrong");
    let (result, _) = world.install().await;
    assert!(result.unwrap_err().to_string().contains("refused the account's name or password"));
}

#[tokio::test]
async fn a_running_server_forbids_an_install_and_is_named() {
    let world = world();
    for instance in ["alpha", "beta", "gamma"] {
        fs::create_dir_all(world.config.root.join("instances").join(instance)).unwrap();
    }
    world.supervisor.set_state(&name("alpha"), ActualState::Running);
    world.supervisor.set_state(&name("gamma"), ActualState::Running);
    let (result, said) = world.install().await;
    let error = result.unwrap_err();
    assert!(matches!(&error, HostError::Busy(text) if text.contains("alpha, gamma")), "{error}");
    assert!(said.lines.is_empty() && !world.config.root.join("installation").exists());
    world.supervisor.set_state(&name("alpha"), ActualState::Stopped);
    world.supervisor.set_state(&name("gamma"), ActualState::Failed { reason: "crashed".to_owned() });
    world.install().await.0.unwrap();
}

#[tokio::test]
async fn nothing_begins_beside_an_install() {
    let world = world();
    world.install().await.0.unwrap();
    fs::create_dir_all(world.config.root.join("instances/alpha")).unwrap();
    fs::write(world.config.root.join("instances/alpha/spec.yaml"), "").unwrap();
    world.steamcmd("MODE=hang");
    let cancel = CancellationToken::new();
    let (output, mut receiver) = OutputSink::channel(64);
    let host = world.host();
    let watch = async {
        until_said(&mut receiver, "Update state").await;
        let (second, _) = world.install().await;
        assert!(matches!(second, Err(HostError::Busy(_))), "{second:?}");
        let host = world.host();
        let (start, _) =
            listen(|output| async move { host.start(&name("alpha"), &output, &CancellationToken::new()).await }).await;
        assert!(matches!(start, Err(HostError::Busy(_))), "{start:?}");
        cancel.cancel();
    };
    let (_, ()) = tokio::join!(host.install(&output, &cancel), watch);
    assert!(world.supervisor.calls().is_empty());
}

#[tokio::test]
async fn a_linked_program_is_run_at_its_own_place() {
    let mut world = world();
    let link = world.path().join("steamcmd");
    symlink(world.config.steamcmd.program.take().unwrap(), &link).unwrap();
    world.config.steamcmd.program = Some(link.clone());
    let (result, said) = world.install().await;
    result.unwrap();
    assert!(
        !said
            .lines
            .iter()
            .any(|(stream, text)| { *stream == OutputStream::System && text.contains(link.to_str().unwrap()) })
    );
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let mut world = world();
    world.config.steamcmd.program = Some("/no/such/steamcmd".into());
    let (result, _) = world.install().await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("STEAMCMD") && error.contains("/no/such/steamcmd"), "{error}");
}
