//! The files of a folder tree or an archive, in one order, without following anything out of it.
//!
//! Symbolic links inside a folder are refused, as are names in an archive that are absolute or
//! climb (`..`): nothing is ever written to disk, but a name is shown and stored, and a link could
//! lead to a file that nobody meant to publish.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::error::FileError;
use super::limits::{MOST_DEPTH, MOST_FILES, MOST_PACKING, MOST_UNPACKED_BYTES, PACKING_MATTERS_BYTES};
use super::zipped;

/// One file that may be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The folder it stands in, as shown: from the path asked for, with `/` between parts.
    pub(super) folder: String,
    /// Its name in that folder.
    pub(super) name: String,
    /// Its size once unpacked.
    pub(super) bytes: u64,
    origin: Origin,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Disk(PathBuf),
    Archive { path: PathBuf, index: usize },
}

/// What a file's name says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    Events,
    Messages,
    Archive,
    Other,
}

impl Kind {
    pub(super) fn of(name: &str) -> Self {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            _ if name.starts_with('.') => Self::Other,
            Some("csv") => Self::Csv,
            Some("ndjson" | "jsonl") => Self::Events,
            Some("hl7") => Self::Messages,
            Some("zip") => Self::Archive,
            _ => Self::Other,
        }
    }
}

impl Entry {
    /// The file as shown to people and stored as its topic.
    pub(super) fn shown(&self) -> String {
        if self.folder.is_empty() { self.name.clone() } else { format!("{}/{}", self.folder, self.name) }
    }

    /// The name without its extension.
    pub(super) fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(stem, _)| stem)
    }

    /// Opens the file for reading from its start.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, FileError> {
        match &self.origin {
            Origin::Disk(path) => Ok(Box::new(File::open(path).map_err(|cause| FileError::io(&self.shown(), cause))?)),
            Origin::Archive { path, index } => {
                let file = File::open(path).map_err(|cause| FileError::io(&self.shown(), cause))?;
                Ok(Box::new(zipped::Unpacking::start(file, *index, self.bytes)))
            }
        }
    }
}

/// Every file under `root`, sorted by folder and name.
pub(super) fn entries(root: &Path) -> Result<Vec<Entry>, FileError> {
    let shown = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let metadata = fs::metadata(root).map_err(|cause| FileError::io(&root.display().to_string(), cause))?;
    let mut found = Vec::new();
    if metadata.is_dir() {
        walk(root, &shown, 0, &mut found)?;
    } else {
        file(root, "", &shown, metadata.len(), &mut found)?;
    }
    found.sort();
    // Archives can hold one name twice; which of the two is meant cannot be known.
    if let Some(pair) = found.windows(2).find(|pair| pair[0].folder == pair[1].folder && pair[0].name == pair[1].name) {
        return Err(FileError::new(&pair[0].shown(), "stands twice in its archive", "pack the folder again"));
    }
    Ok(found)
}

fn walk(folder: &Path, shown: &str, depth: usize, found: &mut Vec<Entry>) -> Result<(), FileError> {
    if depth > MOST_DEPTH {
        return Err(FileError::new(
            shown,
            format!("folders stand more than {MOST_DEPTH} deep"),
            "give the folder of the submissions itself",
        ));
    }
    for item in fs::read_dir(folder).map_err(|cause| FileError::io(shown, cause))? {
        let item = item.map_err(|cause| FileError::io(shown, cause))?;
        let name = item.file_name().to_string_lossy().replace(char::is_control, "?");
        let inner = if shown.is_empty() { name.clone() } else { format!("{shown}/{name}") };
        let metadata = item.metadata().map_err(|cause| FileError::io(&inner, cause))?;
        if metadata.is_symlink() {
            return Err(FileError::new(
                &inner,
                "is a symbolic link, and links are not followed",
                "put the file or folder itself there, or name it on the command line",
            ));
        }
        if metadata.is_dir() {
            walk(&item.path(), &inner, depth + 1, found)?;
        } else if metadata.is_file() {
            file(&item.path(), shown, &name, metadata.len(), found)?;
        } else {
            return Err(FileError::new(&inner, "is neither a file nor a folder", "move it elsewhere"));
        }
    }
    Ok(())
}

fn file(path: &Path, folder: &str, name: &str, bytes: u64, found: &mut Vec<Entry>) -> Result<(), FileError> {
    if Kind::of(name) == Kind::Archive {
        let shown = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        return archive(path, &shown, found);
    }
    push(
        found,
        Entry { folder: folder.to_owned(), name: name.to_owned(), bytes, origin: Origin::Disk(path.to_owned()) },
    )
}

fn push(found: &mut Vec<Entry>, entry: Entry) -> Result<(), FileError> {
    if found.len() >= MOST_FILES {
        return Err(FileError::new(
            &entry.folder,
            format!("there are more than {MOST_FILES} files"),
            "give fewer folders at a time",
        ));
    }
    found.push(entry);
    Ok(())
}

fn archive(path: &Path, shown: &str, found: &mut Vec<Entry>) -> Result<(), FileError> {
    let damaged = |cause: zip::result::ZipError| {
        FileError::new(
            shown,
            format!("is not a readable .zip archive ({cause})"),
            "pack the folder again, without a password, as .zip",
        )
    };
    let file = File::open(path).map_err(|cause| FileError::io(shown, cause))?;
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(damaged)?;
        let refuse = |what: &str, mend: &str| Err(FileError::new(shown, format!("member {} {what}", index + 1), mend));
        // Backslashes are how some programs on Windows pack; taken as separators, they are held to
        // the same rules.
        let name = member.name().replace('\\', "/");
        if !stays_inside(&name) || member.enclosed_name().is_none() {
            return refuse("has an absolute or climbing path", "do not use this archive; pack the folder again");
        }
        if member.is_dir() || name.ends_with('/') {
            continue;
        }
        if member.is_symlink() {
            return refuse("is a symbolic link", "pack the file itself");
        }
        if member.encrypted() {
            return refuse(
                "is locked with a password",
                "pack the folder again without a password, and protect the medium instead",
            );
        }
        unpacked = unpacked.saturating_add(member.size());
        let swollen =
            member.size() > PACKING_MATTERS_BYTES && member.size() / member.compressed_size().max(1) > MOST_PACKING;
        if swollen || unpacked > MOST_UNPACKED_BYTES {
            return refuse(
                "unpacks to more than an honest file would",
                "do not use this archive; give the unpacked folder instead",
            );
        }
        let (folder, name) = name.rsplit_once('/').unwrap_or(("", &name));
        let folder = if folder.is_empty() { shown.to_owned() } else { format!("{shown}/{folder}") };
        let entry = Entry {
            folder,
            name: name.to_owned(),
            bytes: member.size(),
            origin: Origin::Archive { path: path.to_owned(), index },
        };
        push(found, entry)?;
    }
    Ok(())
}

fn stays_inside(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    !name.starts_with('/') && !drive && !name.split('/').any(|part| part == "..") && !name.chars().any(char::is_control)
}
