//! Makes sure that the directory of the SPA's files, which is built into the binary, exists.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let dist = Path::new("../dist");
    // Without the SPA the directory is empty, and the panel says so on its pages.
    if let Err(error) = std::fs::create_dir_all(dist) {
        println!("cargo::warning=can't make {}: {error}", dist.display());
    }
    // Builds for development read the files when they are asked for, so a new SPA is no reason to build again.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../dist");
    }
}
