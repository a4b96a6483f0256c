//! The files of the repository: what git would commit, or, without git, everything but build output.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// One text file of the repository.
pub(crate) struct TextFile {
    /// Path from the top of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// A file that only tests, benchmarks or fuzzing compile.
    pub(crate) fn is_test_code(&self) -> bool {
        ["/tests/", "/benches/", "/fuzz/"].iter().any(|folder| self.path.contains(folder)) || self.is_attached_test()
    }

    /// A file that some `#[cfg(test)] mod name;` brings in, or that lies below such a module.
    pub(crate) fn is_attached_test(&self) -> bool {
        let below = |module: &String| self.path.strip_prefix(module).is_some_and(|rest| rest.starts_with(['.', '/']));
        self.is_rust() && TEST_MODULES.iter().any(below)
    }
}

/// Paths, without `.rs`, of the modules that stand under `#[cfg(test)]` in a file of their own.
static TEST_MODULES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut modules = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", file.path.as_str()));
        let stem = name.trim_end_matches(".rs");
        let home = match stem {
            "lib" | "main" | "mod" => folder.to_owned(),
            stem => format!("{folder}/{stem}"),
        };
        let mut lines = file.text.lines().map(str::trim);
        while lines.by_ref().any(|line| line == "#[cfg(test)]") {
            match lines.next().unwrap_or_default() {
                // #[path = "name.rs"] counts from the folder of the file itself.
                path if path.starts_with("#[path") => {
                    let named = path.split('"').nth(1).unwrap_or_default();
                    modules.push(format!("{folder}/{}", named.trim_end_matches(".rs")));
                }
                item => {
                    let module = item.strip_suffix(';').and_then(|item| item.rsplit_once("mod "));
                    modules.extend(module.map(|(_, module)| format!("{home}/{module}")));
                }
            }
        }
    }
    modules
});

static FILES: LazyLock<Vec<TextFile>> = LazyLock::new(|| {
    let top = top();
    let mut files: Vec<TextFile> = listed_by_git(&top)
        .unwrap_or_else(|| walked(&top))
        .into_iter()
        .filter_map(|path| {
            // A binary file, or one that git still lists after its removal, is no business of these rules.
            let text = std::fs::read_to_string(top.join(&path)).ok()?;
            Some(TextFile { path, text })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 20, "the repository's files were not found under {}", top.display());
    files
});

/// Every text file of the repository, sorted by path.
pub(crate) fn files() -> &'static [TextFile] {
    &FILES
}

/// The top folder of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

fn listed_by_git(top: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(top)
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let list = String::from_utf8(output.stdout).ok()?;
    Some(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn walked(top: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the repository can be read").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if path.is_dir() {
                if !matches!(name.as_str(), ".git" | "target" | ".homeward") {
                    folders.push(path);
                }
            } else if let Ok(relative) = path.strip_prefix(top) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found
}
