//! What must lie on the disk.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use super::{Check, commands};
use crate::host::{HostConfig, SteamcmdConfig, disk_space};
use crate::installation;
use crate::layout::Layout;
use crate::steamcmd;

const GIB: u64 = 1 << 30;
/// The game is some 9 GB, and SteamCMD needs room to prepare it.
const NEEDED_TO_INSTALL: u64 = 20 * GIB;
/// Below this, logs and databases are about to fail.
const NEEDED_TO_RUN: u64 = GIB;
/// The loader that the kernel starts 32-bit programs with.
const LOADER: &str = "/lib/ld-linux.so.2";
/// Where 32-bit libraries lie, on Debian with lib32 packages, with multiarch, and elsewhere.
const LIBRARY_DIRECTORIES: [&str; 5] =
    ["/usr/lib32", "/lib32", "/usr/lib/i386-linux-gnu", "/lib/i386-linux-gnu", "/usr/lib/i686-linux-gnu"];
const INSTALL_LIBRARIES: &str = "sudo apt-get install libc6-i386 lib32gcc-s1 lib32stdc++6";

pub(super) fn root(layout: &Layout) -> Check {
    let path = layout.root();
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            let message = format!("{shown} can't be used: {error}");
            return Check::failed("root", message, commands::make_directory(path)).by_command();
        }
    };
    if metadata.uid() != geteuid().as_raw() {
        let message = format!("{shown} belongs to another user (number {})", metadata.uid());
        return Check::failed("root", message, commands::take_over(path)).by_command();
    }
    let close = format!("chmod 0700 {}", commands::quoted(path));
    if access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Check::failed("root", format!("{shown} can't be written to"), close).by_command();
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        let message = format!("{shown} is open to other users, who could read server passwords");
        return Check::warning("root", message, close).by_command();
    }
    Check::ok("root", format!("{shown} is there and private"))
}

pub(super) fn overlay_root(layout: &Layout) -> Check {
    let path = layout.overlay_root();
    match fs::read_dir(path) {
        Ok(_) => Check::ok("overlay_root", format!("overlays are read from {}", path.display())),
        Err(error) => {
            let message = format!("the overlay root {} can't be read: {error}", path.display());
            Check::failed("overlay_root", message, format!("mkdir -p {}", commands::quoted(path))).by_command()
        }
    }
}

pub(super) fn disk(layout: &Layout) -> Check {
    let space = match disk_space(layout.root()) {
        Ok(space) => space,
        Err(error) => return Check::failed("disk", error.to_string(), ""),
    };
    let (free, total) = (space.free_bytes / GIB, space.total_bytes / GIB);
    let message = format!("{free} GiB of {total} GiB are free below {}", layout.root().display());
    let remedy = "free some space, or put L4D2_ROOT on a larger disk";
    if space.free_bytes < NEEDED_TO_RUN {
        return Check::failed("disk", message, remedy);
    }
    if space.free_bytes < NEEDED_TO_INSTALL && installation::read(&layout.installation()).is_none() {
        return Check::warning("disk", format!("{message}; an install needs 20 GiB"), remedy);
    }
    Check::ok("disk", message)
}

pub(super) fn launcher(config: &HostConfig) -> Check {
    if access(&config.l4d2ctl, Access::EXEC_OK).is_ok() {
        return Check::ok("launcher", format!("servers are started by {}", config.l4d2ctl.display()));
    }
    let message = format!("{} is not there or can't be run", config.l4d2ctl.display());
    Check::failed("launcher", message, "install l4d2ctl beside l4d2-web")
}

pub(super) fn loader() -> Check {
    if Path::new(LOADER).exists() {
        return Check::ok("loader32", "32-bit programs can be started");
    }
    let message = format!("the 32-bit loader {LOADER} is missing: SteamCMD and the game can't be started");
    Check::failed("loader32", message, INSTALL_LIBRARIES).by_command()
}

pub(super) fn libraries() -> Check {
    let missing: Vec<&str> =
        ["libgcc_s.so.1", "libstdc++.so.6"].into_iter().filter(|name| find_library(name).is_none()).collect();
    if missing.is_empty() {
        return Check::ok("libraries32", "the 32-bit libraries are there");
    }
    let message = format!("32-bit libraries are missing: {}", missing.join(", "));
    Check::failed("libraries32", message, INSTALL_LIBRARIES).by_command()
}

fn find_library(name: &str) -> Option<PathBuf> {
    LIBRARY_DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.exists())
}

pub(super) fn steamcmd(config: &SteamcmdConfig) -> Check {
    match &config.program {
        Some(program) if access(program, Access::EXEC_OK).is_ok() => {
            Check::ok("steamcmd", format!("SteamCMD is {}", program.display()))
        }
        Some(program) => Check::failed(
            "steamcmd",
            format!("STEAMCMD names {}, which is not there or can't be run", program.display()),
            "set STEAMCMD to the path of the program, or unset it to have Valve's fetched",
        ),
        None => {
            let place = config.data_dir.join("steamcmd");
            Check::ok("steamcmd", format!("SteamCMD is kept in {}, fetched at the first install", place.display()))
        }
    }
}

pub(super) fn installation(config: &HostConfig, layout: &Layout) -> Check {
    match installation::read(&layout.installation()) {
        Some(found) => {
            let version = found.version.unwrap_or_else(|| "unknown".to_owned());
            Check::ok("installation", format!("the game is installed, version {version}"))
        }
        None => Check::warning("installation", "the game is not installed", commands::install(config)).by_command(),
    }
}

pub(super) fn client_library(config: &HostConfig, layout: &Layout) -> Check {
    let path = steamcmd::client_library(&layout.installation());
    if path.is_file() {
        return Check::ok("steamclient", "SteamCMD's client library is where the game looks for it");
    }
    let message = format!("{} is missing: servers stay out of the public list", path.display());
    Check::warning("steamclient", message, commands::install(config)).by_command()
}
