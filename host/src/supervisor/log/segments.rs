//! The files of a log's directory.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::record::Generation;

const GENERATION_FILE: &str = "generation";
const NAME_DIGITS: usize = 20;

/// The path of the segment that begins at `start`.
pub(super) fn path(directory: &Path, start: u64) -> PathBuf {
    directory.join(format!("{start:0NAME_DIGITS$}"))
}

/// The offsets at which the segments begin, oldest first.
pub(super) fn starts(directory: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut starts = Vec::new();
    for entry in entries {
        if let Some(start) = entry?.file_name().to_str().and_then(parse_name) {
            starts.push(start);
        }
    }
    starts.sort_unstable();
    Ok(starts)
}

fn parse_name(name: &str) -> Option<u64> {
    let plain = name.len() == NAME_DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
    if plain { name.parse().ok() } else { None }
}

/// The log's generation, if there is a log.
pub(super) fn generation(directory: &Path) -> io::Result<Option<Generation>> {
    match fs::read_to_string(directory.join(GENERATION_FILE)) {
        Ok(text) => Ok(Generation::parse(text.trim())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The log's generation, made if there is none yet.
pub(super) fn generation_or_new(directory: &Path) -> io::Result<Generation> {
    if let Some(generation) = generation(directory)? {
        return Ok(generation);
    }
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let generation = Generation(u64::from_ne_bytes(bytes));
    // By renaming, so that a reader sees all of it or nothing.
    let new = directory.join("generation.new");
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(generation.to_string().as_bytes())?;
    fs::rename(&new, directory.join(GENERATION_FILE))?;
    Ok(generation)
}
