//! What an update prints, and the small tree it leaves.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use l4d2_standins::Output;

use crate::mode::{self, Mode, Settings};

/// What the real download weighs, in bytes.
const TOTAL_BYTES: u64 = 9_298_234_567;
/// Progress lines of an update.
const STEPS: u32 = 20;
/// Starts the game as Valve's script does: from its own directory, its arguments expanded once more.
const START_SCRIPT: &str = r#"#!/bin/sh
# A stand-in for Valve's srcds_run: no real game is started.
cd "$(dirname "$0")" || exit 1
PARAMS=$*
exec ./srcds_linux $PARAMS
"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Windows,
    Linux,
}

/// How an update ended.
#[derive(Debug)]
pub(crate) enum End {
    Installed,
    Failed(String),
    Exit(u8),
}

/// Makes the home that the real one keeps, and its own libraries in it.
pub(crate) fn prepare_home(output: &Output) {
    let Some(home) = std::env::var_os("HOME").map(PathBuf::from) else { return };
    let logs = home.join("Steam/logs");
    output.line(format!("Redirecting stderr to '{}/stderr.txt'", logs.display()));
    let library = home.join(".local/share/Steam/steamcmd/linux32/steamclient.so");
    if library.exists() {
        output.line("[----] Verifying installation...");
        return;
    }
    output.line("[  0%] Checking for available updates...");
    let made = fs::create_dir_all(&logs)
        .and_then(|()| fs::create_dir_all(library.parent().unwrap_or(&home)))
        .and_then(|()| fs::write(&library, "stand-in: no real library\n"));
    match made {
        Ok(()) => output.line("[100%] Download complete."),
        Err(error) => output.line(format!("[  0%] !!! Fatal Error: {error}")),
    }
}

/// Updates the app in `directory`.
pub(crate) fn update(output: &Output, directory: &Path, platform: Platform, settings: &Settings) -> io::Result<End> {
    let manifest = directory.join("steamapps/appmanifest_222860.acf");
    if platform == Platform::Linux && !manifest.exists() {
        return Ok(failure("Invalid platform"));
    }
    if let Some(end) = misbehave(output, settings) {
        return Ok(end);
    }
    print_progress(output, settings);
    fs::create_dir_all(directory.join("steamapps"))?;
    match platform {
        Platform::Windows => fs::write(directory.join("srcds.exe"), "stand-in: no real game\n")?,
        Platform::Linux => write_tree(directory)?,
    }
    fs::write(manifest, manifest_text(platform))?;
    Ok(match settings.mode {
        Mode::Exit(code) => {
            output.line("Success! App '222860' fully installed.");
            End::Exit(code)
        }
        _ => End::Installed,
    })
}

fn misbehave(output: &Output, settings: &Settings) -> Option<End> {
    match &settings.mode {
        Mode::Error(words, times) => {
            return mode::count_failure(&settings.counter, *times).then(|| failure(words));
        }
        Mode::State(state) => {
            return Some(End::Failed(format!("Error! App '222860' state is {state} after update job.")));
        }
        Mode::Lie => return Some(End::Exit(0)),
        Mode::Crash => std::process::abort(),
        Mode::Hang => {
            output.line(progress_line(0x61, "downloading", 1, STEPS));
            l4d2_standins::hang();
        }
        Mode::Stubborn => {
            l4d2_standins::ignore_signals();
            output.line(progress_line(0x61, "downloading", 1, STEPS));
            l4d2_standins::hang();
        }
        Mode::Child => leave_child(output),
        Mode::Flood(lines) => {
            for number in 1..=*lines {
                output.bytes(format!("flood line {number} of {lines}\n").as_bytes());
            }
        }
        Mode::LongLine(bytes) => output.bytes(&[b"x".repeat(*bytes), b"\n".to_vec()].concat()),
        Mode::Binary => output.bytes(b"binary \xFF\xFE\x80 \xC3( \x00 \x1B[31mred\x1B[0m a\rb\n"),
        Mode::Fine | Mode::Exit(_) => {}
    }
    None
}

fn leave_child(output: &Output) -> ! {
    match l4d2_standins::leave_behind("") {
        Ok(pid) => output.line(format!("left child {pid}")),
        Err(error) => output.line(format!("no child: {error}")),
    }
    output.line(progress_line(0x61, "downloading", 1, STEPS));
    l4d2_standins::hang();
}

fn failure(words: &str) -> End {
    End::Failed(format!("ERROR! Failed to install app '222860' ({words})"))
}

fn print_progress(output: &Output, settings: &Settings) {
    output.line(progress_line(0x3, "reconfiguring", 0, STEPS));
    output.line(progress_line(0x11, "preallocating", STEPS / 2, STEPS));
    for step in 1..=STEPS {
        thread::sleep(settings.duration / STEPS);
        output.line(progress_line(0x61, "downloading", step, STEPS));
    }
    output.line(progress_line(0x81, "verifying update", STEPS, STEPS));
}

/// ` Update state (0x61) downloading, progress: 42.17 (3921234567 / 9298234567)`
fn progress_line(state: u32, words: &str, step: u32, steps: u32) -> String {
    let done = TOTAL_BYTES * u64::from(step) / u64::from(steps);
    let hundredths = done * 10_000 / TOTAL_BYTES;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    format!(" Update state (0x{state:x}) {words}, progress: {whole}.{rest:02} ({done} / {TOTAL_BYTES})")
}

fn write_tree(directory: &Path) -> io::Result<()> {
    let game = directory.join("left4dead2");
    for folder in ["addons", "cfg", "maps", "logs"] {
        fs::create_dir_all(game.join(folder))?;
    }
    fs::create_dir_all(directory.join("bin"))?;
    fs::write(directory.join("README-STANDIN.txt"), "This is a stand-in: no real game is here.\n")?;
    fs::write(game.join("steam.inf"), "PatchVersion=2.2.4.3\nProductName=left4dead2\nappID=550\n")?;
    fs::write(game.join("cfg/server.cfg.example"), "// stand-in\n")?;
    fs::write(game.join("maps/c1m1_hotel.bsp"), "stand-in: no real map\n")?;
    write_program(&directory.join("srcds_run"), START_SCRIPT.as_bytes())?;
    // Beside this program lies the other stand-in.
    let server = std::env::current_exe()?.with_file_name("standin-srcds");
    write_program(&directory.join("srcds_linux"), &fs::read(server)?)
}

/// Replaces a program by renaming, for one that runs can't be written to.
fn write_program(path: &Path, contents: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, contents)?;
    File::open(&new)?.set_permissions(fs::Permissions::from_mode(0o755))?;
    fs::rename(new, path)
}

fn manifest_text(platform: Platform) -> String {
    format!(
        "\"AppState\"\n{{\n\t\"appid\"\t\t\"222860\"\n\t\"name\"\t\t\"Left 4 Dead 2 Dedicated Server\"\n\
         \t\"StateFlags\"\t\t\"4\"\n\t\"buildid\"\t\t\"17214511\"\n\t\"SizeOnDisk\"\t\t\"{TOTAL_BYTES}\"\n\
         \t\"UserConfig\"\n\t{{\n\t\t\"platform_override_source\"\t\t\"{}\"\n\t}}\n}}\n",
        if platform == Platform::Windows { "windows" } else { "linux" }
    )
}
