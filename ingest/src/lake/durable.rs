//! Local object storage that survives a power cut.
//!
//! `object_store`'s local file system never calls fsync: after a power cut a commit that was acknowledged
//! may be an empty file, which stops the whole table. [`DurableStore`] writes every small object to a hidden
//! staging file, makes its bytes durable, only then gives it its name, and makes the directory durable.
//! The name therefore never shows before the bytes exist.
//!
//! Limits: only the local file system; deletions are not made durable (a file that comes back after a
//! power cut is an orphan, which vacuum takes); no directory is ever removed.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

use super::fault::WriteGate;

const STORE: &str = "durable local store";

/// An [`ObjectStore`] over the local file system whose writes are durable once they return.
#[derive(Debug)]
pub(super) struct DurableStore {
    inner: LocalFileSystem,
    gate: Arc<dyn WriteGate>,
}

impl DurableStore {
    /// A store rooted at the file system's root, as deltalake expects of a storage backend.
    pub(super) fn new(gate: Arc<dyn WriteGate>) -> Self {
        Self { inner: LocalFileSystem::new(), gate }
    }

    fn admit(&self, location: &Path) -> Result<()> {
        self.gate.before_write(location.as_ref()).map_err(generic)
    }
}

impl fmt::Display for DurableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) || !options.attributes.is_empty() {
            return Err(Error::NotImplemented {
                operation: "conditional update or attributes".to_owned(),
                implementer: STORE.to_owned(),
            });
        }
        self.admit(location)?;
        let path = self.inner.path_to_filesystem(location)?;
        let create_only = matches!(options.mode, PutMode::Create);
        blocking(move || put_file(&path, &payload, create_only)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.admit(location)?;
        let path = self.inner.path_to_filesystem(location)?;
        let created = path.clone();
        blocking(move || ensure_parent(&created).map_err(generic)).await?;
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(DurableUpload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.admit(to)?;
        self.inner.copy_opts(from, to, options).await?;
        let path = self.inner.path_to_filesystem(to)?;
        blocking(move || sync_file_and_parents(&path).map_err(generic)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.admit(to)?;
        self.inner.rename_opts(from, to, options).await?;
        let path = self.inner.path_to_filesystem(to)?;
        blocking(move || sync_file_and_parents(&path).map_err(generic)).await
    }
}

/// A multipart upload (compaction writes those) whose finished file is made durable on completion. The file
/// is named before it is durable, which is safe: nothing refers to it until a later commit does.
#[derive(Debug)]
struct DurableUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let path = self.path.clone();
        blocking(move || sync_file_and_parents(&path).map_err(generic)).await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.map_err(|source| Error::JoinError { source })?,
        Err(_) => work(),
    }
}

fn generic(source: io::Error) -> Error {
    Error::Generic { store: STORE, source: Box::new(source) }
}

/// Writes a whole object: durable bytes first, name second, durable name third.
fn put_file(path: &FsPath, payload: &PutPayload, create_only: bool) -> Result<()> {
    ensure_parent(path).map_err(generic)?;
    let (mut file, staging) = open_staging(path).map_err(generic)?;
    let written = payload.iter().try_for_each(|chunk| file.write_all(chunk)).and_then(|()| file.sync_all());
    drop(file);
    let named =
        written.and_then(|()| if create_only { fs::hard_link(&staging, path) } else { fs::rename(&staging, path) });
    if create_only || named.is_err() {
        // The staging name is hidden from listings; leaving one behind costs disk space only.
        let _ = fs::remove_file(&staging);
    }
    match named {
        Ok(()) => sync_directory(parent_of(path)).map_err(generic),
        Err(source) if create_only && source.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::AlreadyExists { path: path.display().to_string(), source: Box::new(source) })
        }
        Err(source) => Err(generic(source)),
    }
}

/// Opens a new file named `<path>#<number>`: the form that `object_store` hides from listings.
fn open_staging(path: &FsPath) -> io::Result<(File, PathBuf)> {
    let mut number = u64::from(std::process::id());
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("#{number}"));
        let staging = PathBuf::from(name);
        match OpenOptions::new().write(true).create_new(true).open(&staging) {
            Ok(file) => return Ok((file, staging)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn parent_of(path: &FsPath) -> &FsPath {
    path.parent().unwrap_or(FsPath::new("/"))
}

fn sync_directory(path: &FsPath) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn sync_file_and_parents(path: &FsPath) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    let parent = parent_of(path);
    sync_directory(parent)?;
    sync_directory(parent_of(parent))
}

/// Creates the directories above `path`, each durable in its own parent.
pub(super) fn ensure_parent(path: &FsPath) -> io::Result<()> {
    ensure_directory(parent_of(path))
}

/// Creates `directory` and what is missing above it, each durable in its own parent.
pub(super) fn ensure_directory(directory: &FsPath) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = parent_of(directory);
    ensure_directory(parent)?;
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_directory(parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::fault::{FaultPlan, OpenGate};
    use object_store::ObjectStoreExt as _;

    fn location(root: &FsPath, name: &str) -> Path {
        Path::from_absolute_path(root.join(name)).unwrap()
    }

    #[tokio::test]
    async fn create_refuses_a_second_writer_and_leaves_no_staging_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = DurableStore::new(Arc::new(OpenGate));
        let at = location(dir.path(), "a/b/0.json");
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        store.put_opts(&at, "first".into(), create.clone()).await.unwrap();
        let refused = store.put_opts(&at, "second".into(), create).await.unwrap_err();
        assert!(matches!(refused, Error::AlreadyExists { .. }), "{refused}");
        assert_eq!(store.get(&at).await.unwrap().bytes().await.unwrap(), "first");
        assert_eq!(fs::read_dir(dir.path().join("a/b")).unwrap().count(), 1);
        store.put(&at, "third".into()).await.unwrap();
        assert_eq!(store.get(&at).await.unwrap().bytes().await.unwrap(), "third");
    }

    #[tokio::test]
    async fn a_closed_gate_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = DurableStore::new(Arc::new(FaultPlan::die_at("b.json", 1)));
        store.put(&location(dir.path(), "a.json"), "x".into()).await.unwrap();
        store.put(&location(dir.path(), "b.json"), "x".into()).await.unwrap_err();
        store.put(&location(dir.path(), "c.json"), "x".into()).await.unwrap_err();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn multipart_uploads_land_whole() {
        let dir = tempfile::tempdir().unwrap();
        let store = DurableStore::new(Arc::new(OpenGate));
        let at = location(dir.path(), "new/part.parquet");
        let mut upload = store.put_multipart(&at).await.unwrap();
        upload.put_part("abc".into()).await.unwrap();
        upload.complete().await.unwrap();
        assert_eq!(store.get(&at).await.unwrap().bytes().await.unwrap(), "abc");
    }
}
