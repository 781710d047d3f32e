//! Fetches Valve's SteamCMD into the data directory when no program is configured.

use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::HostError;
use crate::output::OutputSink;

/// Valve's CDN. The tarball has no checksum to compare with: what vouches for it is TLS.
pub(super) const TARBALL_URL: &str = "https://steamcdn-a.akamaihd.net/client/installer/steamcmd_linux.tar.gz";
/// The real one has some 3 MB.
const MAX_TARBALL_BYTES: u64 = 64 * 1024 * 1024;
/// What it may unpack to.
const MAX_UNPACKED_BYTES: u64 = 256 * 1024 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
const READ_LIMIT: Duration = Duration::from_secs(30);

/// Why the tarball did not come.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("the download failed")]
    Http(#[from] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    #[error("the download could not be stored")]
    Store(#[source] io::Error),
    #[error("the archive is broken")]
    Unpack(#[source] io::Error),
    #[error("cancelled")]
    Cancelled,
}

/// The program in the data directory, fetched first when it is not there.
pub(super) async fn ensure(
    data_dir: &Path,
    url: &str,
    output: &OutputSink,
    cancel: &CancellationToken,
) -> Result<PathBuf, HostError> {
    let directory = data_dir.join("steamcmd");
    let program = directory.join("steamcmd.sh");
    if program.is_file() {
        return Ok(program);
    }
    output.system(format!("no SteamCMD is configured: fetching Valve's from {url} into {}", directory.display())).await;
    let fetched = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(FetchError::Cancelled),
        fetched = fetch(data_dir, url, &directory) => fetched,
    };
    match fetched {
        Ok(()) if program.is_file() => Ok(program),
        Ok(()) => Err(explain(url, "the archive holds no steamcmd.sh")),
        Err(FetchError::Cancelled) => Err(HostError::Cancelled),
        Err(FetchError::Store(source)) => {
            Err(HostError::io(format!("storing SteamCMD in {}", directory.display()), source))
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, url, "SteamCMD could not be fetched");
            Err(explain(url, &error.to_string()))
        }
    }
}

fn explain(url: &str, cause: &str) -> HostError {
    let message = format!(
        "SteamCMD could not be fetched from {url} ({cause}): allow that connection, or install SteamCMD yourself (on \
         Debian: the package steamcmd of non-free) and set STEAMCMD to the path of its program"
    );
    HostError::Step { message, exit_code: None }
}

async fn fetch(data_dir: &Path, url: &str, directory: &Path) -> Result<(), FetchError> {
    let mut file = tempfile::tempfile_in(data_dir).map_err(FetchError::Store)?;
    download(url, &mut file).await?;
    let (data_dir, directory) = (data_dir.to_owned(), directory.to_owned());
    let unpacked = tokio::task::spawn_blocking(move || unpack(file, &data_dir, &directory)).await;
    unpacked.map_err(|error| FetchError::Unpack(io::Error::other(error)))?.map_err(FetchError::Unpack)
}

async fn download(url: &str, file: &mut fs::File) -> Result<(), FetchError> {
    let client =
        reqwest::Client::builder().https_only(true).connect_timeout(CONNECT_LIMIT).read_timeout(READ_LIMIT).build()?;
    let mut answer = client.get(url).send().await?.error_for_status()?;
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await? {
        bytes += chunk.len() as u64;
        if bytes > MAX_TARBALL_BYTES {
            return Err(FetchError::TooLarge);
        }
        // At most 64 MiB in all, to a file: short enough for the executor's thread.
        file.write_all(&chunk).map_err(FetchError::Store)?;
    }
    file.rewind().map_err(FetchError::Store)
}

/// Unpacks beside the final place and renames, so that a half unpacked SteamCMD is never taken for a whole one.
fn unpack(tarball: impl Read, data_dir: &Path, directory: &Path) -> io::Result<()> {
    let new = tempfile::Builder::new().prefix("steamcmd-new-").tempdir_in(data_dir)?;
    let limited = flate2::read::GzDecoder::new(tarball).take(MAX_UNPACKED_BYTES);
    tar::Archive::new(limited).unpack(new.path())?;
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(new.path(), directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tarball(names: &[&str]) -> Vec<u8> {
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_size(2);
            header.set_mode(0o755);
            // Written by hand, for the library refuses to write a path that leads out.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            archive.append(&header, &b"#!"[..]).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn a_tarball_is_unpacked_whole() {
        let data_dir = tempfile::tempdir().unwrap();
        let directory = data_dir.path().join("steamcmd");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("half"), "").unwrap();
        unpack(&tarball(&["steamcmd.sh", "linux32/steamcmd"])[..], data_dir.path(), &directory).unwrap();
        assert!(directory.join("steamcmd.sh").is_file() && directory.join("linux32/steamcmd").is_file());
        assert!(!directory.join("half").exists());
        assert_eq!(fs::read_dir(data_dir.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn nothing_is_unpacked_outside() {
        let data_dir = tempfile::tempdir().unwrap();
        let inner = data_dir.path().join("inner");
        fs::create_dir(&inner).unwrap();
        unpack(&tarball(&["../../evil", "steamcmd.sh"])[..], &inner, &inner.join("steamcmd")).unwrap();
        assert!(!data_dir.path().join("evil").exists() && !inner.join("evil").exists());
    }

    #[test]
    fn a_broken_tarball_changes_nothing() {
        let data_dir = tempfile::tempdir().unwrap();
        let directory = data_dir.path().join("steamcmd");
        let whole = tarball(&["steamcmd.sh"]);
        assert!(unpack(&whole[..whole.len() / 2], data_dir.path(), &directory).is_err());
        assert_eq!(fs::read_dir(data_dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_unreachable_server_gives_a_sentence() {
        let data_dir = tempfile::tempdir().unwrap();
        // A port that was just given back has nobody listening.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (output, mut lines) = OutputSink::channel(8);
        let url = format!("https://127.0.0.1:{port}/steamcmd_linux.tar.gz");
        let error = ensure(data_dir.path(), &url, &output, &CancellationToken::new()).await.unwrap_err();
        assert!(error.to_string().contains("set STEAMCMD to the path of its program"), "{error}");
        assert!(lines.try_recv().is_ok(), "the log says what is fetched");
        let plain = ensure(data_dir.path(), &url.replace("https", "http"), &output, &CancellationToken::new()).await;
        assert!(plain.is_err(), "never without TLS");
    }
}
