//! What the game may do: read its own tree and the system's libraries, write its merged tree and scratch space, signal
//! and trace nobody but its own processes. It keeps no capability and can gain none.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, Scope,
};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::root;

/// The newest rights that are asked for; an older kernel enforces those it knows.
const NEWEST: ABI = ABI::V7;

/// Which paths are open to whom.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    /// Read and execute.
    pub(crate) read: Vec<PathBuf>,
    /// Everything.
    pub(crate) write: Vec<PathBuf>,
    /// Devices: read, write and control, nothing made or removed.
    pub(crate) devices: Vec<PathBuf>,
}

/// Why the fence could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FenceError {
    /// The kernel does not offer it.
    #[error("the kernel offers no Landlock (boot with landlock in its lsm= list)")]
    Missing,
    /// It was refused.
    #[error("the kernel refused the rules")]
    Refused(#[from] RulesetError),
}

impl Fence {
    /// The fence of a game inside its own root directory. `terminal` is its own.
    pub(crate) fn for_game(terminal: &Path) -> Self {
        let below = |parent: &str, names: &[&str]| names.iter().map(|name| Path::new(parent).join(name)).collect();
        let mut read: Vec<PathBuf> = below("/", &root::SYSTEM);
        read.extend(["/etc", "/proc", "/sys/devices/system/cpu"].map(PathBuf::from));
        let mut devices: Vec<PathBuf> = below("/dev", &root::DEVICES);
        devices.push(terminal.to_owned());
        Self { read, write: [root::GAME, "/tmp", "/dev/shm"].map(PathBuf::from).into(), devices }
    }

    /// Makes the rules ready, to be put into force by [`RulesetCreated::restrict_self`]. Paths that do not exist are
    /// left out; they stay closed.
    pub(crate) fn build(&self) -> Result<RulesetCreated, FenceError> {
        let everything = AccessFs::from_all(NEWEST);
        let files = AccessFs::from_file(NEWEST);
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
        let ruleset = landlock::Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))
            .map_err(|_| FenceError::Missing)?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(everything)?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        let ruleset = add(ruleset, &self.read, AccessFs::from_read(NEWEST), files)?;
        let ruleset = add(ruleset, &self.write, everything, files)?;
        add(ruleset, &self.devices, device, device)
    }
}

fn add(
    mut ruleset: RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
    file_access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, FenceError> {
    for path in paths {
        // A right for directories on a plain file is refused by the kernel.
        let access = if path.is_dir() { access } else { access & file_access };
        if let Ok(opened) = PathFd::new(path) {
            ruleset = ruleset.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    Ok(ruleset)
}

/// Gives up every capability, for ever: none is left to use, to inherit, or to gain from a file.
pub(crate) fn drop_privileges() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    rustix::thread::clear_ambient_capability_set()?;
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        // Past the last one that the kernel knows, and where the own set does not allow it, this fails; without new
        // privileges the bounding set is of no use anyway.
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    Ok(rustix::thread::set_capabilities(None, sets)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixListener;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Output};

    use super::*;

    /// Runs a shell command line behind the fence alone, in the ordinary root directory: what holds here holds even if
    /// the game's own root directory did not.
    fn fenced(readable: &Path, writable: &Path, script: &str) -> Output {
        let mut read: Vec<PathBuf> = root::SYSTEM.map(|name| Path::new("/").join(name)).into();
        read.extend([readable.to_owned(), "/etc/ld.so.cache".into()]);
        let fence = Fence { read, write: vec![writable.to_owned()], devices: vec!["/dev/null".into()] };
        let mut ruleset = Some(fence.build().expect("Landlock"));
        let enforce = move || {
            drop_privileges()?;
            ruleset.take().ok_or(io::ErrorKind::Other)?.restrict_self().map(drop).map_err(io::Error::other)
        };
        #[expect(clippy::disallowed_methods, reason = "the fence closes for good whatever process is in it")]
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(script).current_dir("/");
        // SAFETY: the rules are made already; what is left to do is system calls.
        unsafe { shell.pre_exec(enforce) };
        shell.output().expect("a shell")
    }

    #[test]
    fn what_is_not_opened_stays_closed() {
        let dir = tempfile::tempdir().expect("a directory");
        let [open, own, closed] = ["open", "own", "closed"].map(|name| dir.path().join(name));
        for directory in [&open, &own, &closed] {
            fs::create_dir(directory).expect("a directory");
            fs::write(directory.join("file"), "content").expect("a file");
        }
        let run = |script: String| fenced(&open, &own, &script).status.success();
        assert!(run(format!("read line < {}/file || [ -n \"$line\" ]", open.display())));
        assert!(run(format!("echo x > {}/new && read line < {}/new", own.display(), own.display())));
        for script in [
            format!(": < {}/file", closed.display()),
            format!("echo x > {}/file", closed.display()),
            format!("echo x > {}/new", open.display()),
            format!("ls {}", closed.display()),
            format!("ln {}/file {}/stolen", closed.display(), own.display()),
            format!("mv {}/file {}/away", own.display(), closed.display()),
            ": < /etc/passwd".to_owned(),
        ] {
            assert!(!run(script.clone()), "{script}");
        }
        // The same ways in are open where they should be, so that it was the fence that closed them.
        assert!(run(format!(": < {}/file && ls {}", open.display(), open.display())));
        assert!(run(format!(
            "ln {}/file {}/copy && mv {}/copy {}/moved",
            own.display(),
            own.display(),
            own.display(),
            own.display()
        )));
        assert_eq!(fs::read_to_string(closed.join("file")).expect("untouched"), "content");
    }

    #[test]
    fn nobody_outside_can_be_signalled_or_looked_into() {
        let dir = tempfile::tempdir().expect("a directory");
        let own = std::process::id();
        let output = fenced(Path::new("/proc"), dir.path(), &format!("kill -0 {own}"));
        assert!(!output.status.success());
        // Reading another's memory or environment takes the right to trace it.
        for file in ["environ", "mem", "maps"] {
            let output = fenced(Path::new("/proc"), dir.path(), &format!(": < /proc/{own}/{file}"));
            assert!(!output.status.success(), "{file}");
            let itself = fenced(Path::new("/proc"), dir.path(), &format!(": < /proc/self/{file}"));
            assert!(itself.status.success(), "{file} of its own");
        }
        assert!(fenced(Path::new("/proc"), dir.path(), "kill -0 $$").status.success());
    }

    #[test]
    fn no_capability_is_left_and_none_can_be_gained() {
        let dir = tempfile::tempdir().expect("a directory");
        let script = "while read name value; do case $name in Cap*:|NoNewPrivs:) echo $name $value;; esac; done < /proc/self/status";
        let output = fenced(Path::new("/proc"), dir.path(), script);
        let text = String::from_utf8(output.stdout).expect("text");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert!(text.contains(&format!("{set} 0000000000000000")), "{text}");
        }
        assert!(text.contains("NoNewPrivs: 1"), "{text}");
    }

    #[test]
    fn a_fence_needs_no_path_to_exist() {
        let dir = tempfile::tempdir().expect("a directory");
        let _listener = UnixListener::bind(dir.path().join("socket")).expect("a socket");
        let missing = dir.path().join("missing");
        let fence =
            Fence { read: vec![missing.clone()], write: vec![missing, dir.path().join("socket")], devices: vec![] };
        fence.build().expect("rules");
    }
}
