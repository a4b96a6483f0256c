//! Node, Chromium and packages of the npm registry, installed once into the user's cache from a lock file beside a test.
//! No browser is ever downloaded: Debian's `chromium` is used.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the packages lie: the user's cache, never the repository.
fn cache(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("homeward").join(name)
}

/// A program of the machine.
pub(crate) fn find(program: &str) -> Result<PathBuf, String> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.ok_or_else(|| {
        format!("{program} is not installed (Debian package {})", if program == "node" { "nodejs" } else { program })
    })
}

/// `npm ci` from the lock file in `folder`, unless that lock file is what is installed; the folder of the packages.
pub(crate) fn install(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let to = cache(name);
    let packages = to.join("node_modules");
    let lock = std::fs::read_to_string(folder.join("package-lock.json")).map_err(|error| error.to_string())?;
    let stamp = to.join("installed-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(packages);
    }
    let npm = find("npm")?;
    std::fs::create_dir_all(&to).map_err(|error| error.to_string())?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(folder.join(file), to.join(file)).map_err(|error| error.to_string())?;
    }
    let output = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&to)
        .output()
        .map_err(|error| format!("npm does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("npm ci failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    std::fs::write(stamp, lock).map_err(|error| error.to_string())?;
    Ok(packages)
}

/// What was found; `None`, said aloud, where something is missing and may be.
pub(crate) fn unless_missing<T>(found: Result<T, String>) -> Option<T> {
    found
        .map_err(|reason| {
            assert!(
                std::env::var_os("HOMEWARD_TESTS_REQUIRE_ALL").is_none(),
                "no browser test can run, and HOMEWARD_TESTS_REQUIRE_ALL is set: {reason}"
            );
            println!("skipped: {reason}");
        })
        .ok()
}
