//! Lists the folders of `indicators/` so that they become part of the program: adding an indicator needs no Rust.
//! The list names its files from the crate's folder on, so that it stays true when the sources move.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=indicators");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("indicators");
    let mut list = String::from("&[\n");
    for folder in sorted(&root)?.iter().filter(|path| path.is_dir()) {
        let mut cases = String::new();
        for case in
            sorted(&folder.join("cases"))?.iter().filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        {
            let text = included(&root, case);
            let _ = writeln!(cases, "        ({:?}, {text}),", file_name(case));
        }
        let (toml, sql) = (included(&root, &folder.join("indicator.toml")), folder.join("indicator.sql"));
        let sql = if sql.is_file() { format!("Some({})", included(&root, &sql)) } else { "None".to_owned() };
        let _ = writeln!(
            list,
            "    BuiltinFolder {{ id: {:?}, toml: {toml}, sql: {sql}, cases: &[\n{cases}    ] }},",
            file_name(folder)
        );
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("indicators.rs");
    fs::write(out, list)
}

/// The entries of a folder in order of name; a folder that is not there has none.
fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The text of a file below `root`, as an expression.
fn included(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path).display();
    format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/indicators/{below}\"))")
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
