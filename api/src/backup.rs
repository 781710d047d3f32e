//! `l4d2-web backup` and `l4d2-web restore`: what only the panel knows, in one file.
//!
//! A backup can be made while the panel runs: SQLite itself writes a copy as of one moment. The archive holds the database
//! and the signing key, so whoever has it can sign in as anybody: it is made for its owner alone. Installation, overlays
//! and what games wrote are plain files below `L4D2_ROOT` and belong to the machine's own backup.
//!
//! A restore checks everything before it touches anything, and what was there before is kept beside.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use l4d2_migrations::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{ConnectionTrait, Statement};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::auth::key::{KEY_FILE, SigningKey};
use crate::config::Config;
use crate::db::Db;
use crate::{clock, data_dir};

const MANIFEST: &str = "manifest.json";
const DATABASE: &str = "panel.db";
/// The archive's layout. Another number is another layout.
const FORMAT: u32 = 1;
const MANIFEST_MOST_BYTES: u64 = 64 * 1024;

/// What the archive says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// The panel that made it.
    version: String,
    /// RFC 3339.
    created_at: String,
}

/// Writes a backup to `file`, which must not exist yet. The panel may run meanwhile. Answers what was done.
pub async fn backup(config: &Config, file: &Path) -> Result<String> {
    let database = database_file(config)?;
    ensure!(database.is_file(), "there is no database at {}: is DATA_DIR right?", database.display());
    ensure!(!file.exists(), "{} exists already: give the backup another name", file.display());
    let staging = staging(&config.data_dir)?;
    let db = Db::connect(&config.database_url.0).await.context("could not open the database (DATABASE_URL)")?;
    let copy = staging.path().join(DATABASE);
    let path = copy.to_str().context("DATA_DIR must be valid UTF-8")?;
    let statement = Statement::from_sql_and_values(db.backend(), "VACUUM INTO ?", [path.into()]);
    db.read().execute_raw(statement).await.context("could not copy the database")?;
    db.close().await.context("could not close the database")?;
    SigningKey::open(&config.data_dir)?;
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: clock::timestamp(clock::now()),
    };
    let bytes = write_archive(file, &manifest, &copy, &config.data_dir.join(KEY_FILE))?;
    Ok(format!("backed up to {} ({} KiB): keep it as safe as the panel itself", file.display(), bytes.div_ceil(1024)))
}

/// The archive appears under its name only when it is whole and on the disk.
fn write_archive(file: &Path, manifest: &Manifest, database: &Path, key: &Path) -> Result<u64> {
    let failed = || format!("could not write {}", file.display());
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let target = tempfile::Builder::new()
        .prefix(".l4d2-backup-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(parent)
        .with_context(failed)?;
    let mut archive = tar::Builder::new(GzEncoder::new(target, Compression::default()));
    let json = serde_json::to_vec_pretty(manifest).context("could not write the manifest")?;
    let mut header = tar::Header::new_gnu();
    header.set_size(json.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, MANIFEST, json.as_slice()).with_context(failed)?;
    archive.append_path_with_name(database, DATABASE).with_context(failed)?;
    archive.append_path_with_name(key, KEY_FILE).with_context(failed)?;
    let mut target = archive.into_inner().and_then(GzEncoder::finish).with_context(failed)?;
    target.flush().and_then(|()| target.as_file().sync_all()).with_context(failed)?;
    let written = target.persist_noclobber(file).map_err(|error| error.error).with_context(failed)?;
    Ok(written.metadata().with_context(failed)?.len())
}

/// Puts a backup in the place of what there is. The panel must not run. Answers what was done.
pub async fn restore(config: &Config, file: &Path) -> Result<String> {
    let database = database_file(config)?;
    data_dir::prepare(&config.data_dir)?;
    let _lock = data_dir::lock(&config.data_dir)?;
    let staging = staging(&config.data_dir)?;
    let manifest = unpack(file, staging.path()).with_context(|| format!("{} is no usable backup", file.display()))?;
    check(staging.path()).await.with_context(|| format!("the backup {} can't be used", file.display()))?;
    let aside = set_aside(config, &database).await?;
    put(&staging.path().join(DATABASE), &database)?;
    put(&staging.path().join(KEY_FILE), &config.data_dir.join(KEY_FILE))?;
    let kept = match aside {
        Some(directory) => format!("; what was there before is in {}", directory.display()),
        None => String::new(),
    };
    Ok(format!("restored the backup of {}, made by version {}{kept}", manifest.created_at, manifest.version))
}

/// Where SQLite's file lies; other databases have tools of their own.
fn database_file(config: &Config) -> Result<PathBuf> {
    let url = &config.database_url.0;
    ensure!(
        url.starts_with("sqlite:"),
        "DATABASE_URL is PostgreSQL: use pg_dump and pg_restore, and keep {KEY_FILE} from DATA_DIR with the dump"
    );
    let options = SqliteConnectOptions::from_str(url).context("DATABASE_URL is no URL of SQLite's")?;
    Ok(options.get_filename().to_owned())
}

/// A private directory on the data directory's own file system, so that files can be renamed from it.
fn staging(data_dir: &Path) -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix(".backup-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(data_dir)
        .with_context(|| format!("could not make a directory in {}", data_dir.display()))
}

/// Takes the three files out of the archive. Anything else in it, links included, makes it none of ours.
fn unpack(file: &Path, directory: &Path) -> Result<Manifest> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(file).context("could not open it")?));
    let mut manifest = None;
    let mut found = Vec::new();
    for entry in archive.entries().context("it is no archive")? {
        let entry = entry.context("it is damaged")?;
        let name = entry.path().context("it is damaged")?.to_string_lossy().into_owned();
        ensure!(entry.header().entry_type().is_file(), "it holds {name:?}, which is no plain file");
        match name.as_str() {
            MANIFEST => {
                let read: Manifest =
                    serde_json::from_reader(entry.take(MANIFEST_MOST_BYTES)).context("its manifest is damaged")?;
                ensure!(read.format == FORMAT, "it was made by version {}, which this one can't read", read.version);
                manifest = Some(read);
            }
            DATABASE | KEY_FILE => {
                write_private(entry, &directory.join(&name)).with_context(|| format!("could not unpack {name}"))?;
                found.push(name);
            }
            other => bail!("it holds {other:?}, which is none of ours"),
        }
    }
    for name in [DATABASE, KEY_FILE] {
        ensure!(found.iter().any(|found| found == name), "it holds no {name}");
    }
    manifest.context("it holds no manifest")
}

fn write_private(mut from: impl Read, path: &Path) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    io::copy(&mut from, &mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// The database is whole and of a version that this one can bring up to date; the key is a key.
async fn check(directory: &Path) -> Result<()> {
    SigningKey::open(directory)?;
    let path = directory.join(DATABASE);
    let url = format!("sqlite://{}", path.to_str().context("DATA_DIR must be valid UTF-8")?);
    let db = Db::connect(&url).await.context("its database can't be opened")?;
    let statement = Statement::from_string(db.backend(), "PRAGMA integrity_check");
    let answer = db.read().query_one_raw(statement).await.context("its database is damaged")?;
    let verdict: String = answer.context("its database is damaged")?.try_get_by_index(0)?;
    ensure!(verdict == "ok", "its database is damaged: {verdict}");
    Migrator::up(db.write(), None).await.context("its database is of a newer version than this panel")?;
    db.close().await.context("could not close its database")
}

/// Keeps the present database, its journal and the key, as many of them as there are, in a directory of their own.
async fn set_aside(config: &Config, database: &Path) -> Result<Option<PathBuf>> {
    let key = config.data_dir.join(KEY_FILE);
    let journals = ["-wal", "-shm"].map(|suffix| {
        let mut journal = database.as_os_str().to_owned();
        journal.push(suffix);
        PathBuf::from(journal)
    });
    if ![database, &key].into_iter().chain(journals.iter().map(PathBuf::as_path)).any(Path::exists) {
        return Ok(None);
    }
    if database.exists() {
        merge_journal(config).await;
    }
    let directory = config.data_dir.join(format!("before-restore-{}", clock::now()));
    fs::create_dir(&directory).with_context(|| format!("could not make {}", directory.display()))?;
    // Linked and not moved: until the new file takes its name, there is always one.
    for file in [database, &key] {
        if let (true, Some(name)) = (file.exists(), file.file_name()) {
            let kept = directory.join(name);
            // A database that lies on another file system can't be linked here.
            let linked = fs::hard_link(file, &kept).or_else(|_| fs::copy(file, &kept).map(drop));
            linked.with_context(|| format!("could not keep {}", file.display()))?;
        }
    }
    // A journal of the old database must not be applied to the new one, even when all else of the old one is lost.
    for journal in journals {
        if let (true, Some(name)) = (journal.exists(), journal.file_name()) {
            let kept = directory.join(name);
            fs::rename(&journal, kept).with_context(|| format!("could not keep {}", journal.display()))?;
        }
    }
    Ok(Some(directory))
}

/// Closing the last connection brings the journal into the file. A database that is damaged may be why one restores.
async fn merge_journal(config: &Config) {
    match Db::connect(&config.database_url.0).await {
        Ok(db) => db.close().await.unwrap_or_else(|error| tracing::warn!(%error, "could not close the old database")),
        Err(error) => tracing::warn!(%error, "the old database can't be opened: it is kept as it is"),
    }
}

fn put(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("could not put {} in place", to.display());
    match fs::rename(from, to) {
        // A database that lies elsewhere, by a DATABASE_URL of its own.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let file = File::open(from).with_context(failed)?;
            write_private(file, to).with_context(failed)
        }
        result => result.with_context(failed),
    }
}
