//! What lies in the installation directory, read from the files that SteamCMD and the game keep there.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Valve's bit for "fully installed" in a manifest's `StateFlags`.
const FULLY_INSTALLED: u64 = 4;
/// The longest manifest or version file that is looked at, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// What lies in the installation directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Steam's build id, from the app manifest.
    pub build_id: Option<String>,
    /// The game's version, from `steam.inf`.
    pub version: Option<String>,
    /// Size on disk, in bytes, as the manifest says it.
    pub size_bytes: Option<u64>,
    /// When the manifest was last written.
    pub updated_at: Option<SystemTime>,
}

/// What is installed in `directory`; none when nothing whole is.
pub(crate) fn read(directory: &Path) -> Option<Installation> {
    let manifest_path = directory.join("steamapps/appmanifest_222860.acf");
    let manifest = read_small(&manifest_path)?;
    let flags: u64 = manifest_value(&manifest, "StateFlags")?.parse().ok()?;
    // The Windows half of a first install has a manifest as well, but not the start script.
    if flags & FULLY_INSTALLED == 0 || !directory.join("srcds_run").is_file() {
        return None;
    }
    let steam_inf = read_small(&directory.join("left4dead2/steam.inf")).unwrap_or_default();
    Some(Installation {
        build_id: manifest_value(&manifest, "buildid"),
        version: version(&steam_inf),
        size_bytes: manifest_value(&manifest, "SizeOnDisk").and_then(|text| text.parse().ok()),
        updated_at: fs::metadata(&manifest_path).and_then(|metadata| metadata.modified()).ok(),
    })
}

fn read_small(path: &Path) -> Option<String> {
    if fs::metadata(path).ok()?.len() > MAX_FILE_BYTES {
        return None;
    }
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}

/// The value of a key directly below the manifest's outermost section.
fn manifest_value(manifest: &str, key: &str) -> Option<String> {
    let mut depth = 0_usize;
    for line in manifest.lines() {
        let line = line.trim();
        match line {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ if depth == 1 => {
                let mut parts = line.split('"');
                let (name, value) = (parts.nth(1), parts.nth(1));
                if name.is_some_and(|name| name.eq_ignore_ascii_case(key)) {
                    return value.map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    None
}

fn version(steam_inf: &str) -> Option<String> {
    let value = steam_inf.lines().find_map(|line| line.trim().strip_prefix("PatchVersion="))?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\"AppState\"\n{\n\t\"appid\"\t\t\"222860\"\n\t\"StateFlags\"\t\t\"4\"\n\t\"buildid\"\t\t\"17214511\"\n\
        \t\"SizeOnDisk\"\t\t\"9298234567\"\n\t\"InstalledDepots\"\n\t{\n\t\t\"222861\"\n\t\t{\n\t\t\t\"buildid\"\t\t\"1\"\n\t\t}\n\t}\n}\n";

    #[test]
    fn values_are_those_of_the_outermost_section() {
        assert_eq!(manifest_value(MANIFEST, "buildid").as_deref(), Some("17214511"));
        assert_eq!(manifest_value(MANIFEST, "222861"), None);
        assert_eq!(manifest_value("\"AppState\"\n{\n\"buildid\"\n", "buildid"), None);
    }

    #[test]
    fn only_a_whole_installation_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(read(path), None);
        fs::create_dir_all(path.join("steamapps")).unwrap();
        fs::create_dir_all(path.join("left4dead2")).unwrap();
        fs::write(path.join("steamapps/appmanifest_222860.acf"), MANIFEST).unwrap();
        assert_eq!(read(path), None, "there is no start script");
        fs::write(path.join("srcds_run"), "").unwrap();
        fs::write(path.join("left4dead2/steam.inf"), "ClientVersion=2243\r\nPatchVersion=2.2.4.3\r\n").unwrap();
        let found = read(path).unwrap();
        assert_eq!((found.build_id.as_deref(), found.version.as_deref()), (Some("17214511"), Some("2.2.4.3")));
        assert_eq!(found.size_bytes, Some(9_298_234_567));
        let half = MANIFEST.replace("\"4\"", "\"1026\"");
        fs::write(path.join("steamapps/appmanifest_222860.acf"), half).unwrap();
        assert_eq!(read(path), None, "an update was interrupted");
    }
}
