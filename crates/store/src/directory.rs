//! A local directory as an object store whose answers mean that what was put is durable.
//!
//! `object_store` writes local files without syncing them, which is no promise to build a spool's trimming on.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// The file system below a directory. Names are those below its root, as for [`crate::Table::open`].
#[derive(Debug, Clone)]
pub struct Directory {
    files: Arc<LocalFileSystem>,
    /// Folders above this one are there already, and durable.
    root: PathBuf,
}

impl Directory {
    /// Takes an absolute path, creating the directory where it is missing.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&root)?;
        Ok(Self {
            files: Arc::new(LocalFileSystem::new()),
            root,
        })
    }

    /// Syncs a file and the folders between it and the root: a file is only there if its names are.
    async fn sync(&self, path: &Path) -> Result<()> {
        let file = self.files.path_to_filesystem(path)?;
        let root = self.root.clone();
        let syncing = tokio::task::spawn_blocking(move || {
            File::open(&file)?.sync_all()?;
            let folders = file.ancestors().skip(1);
            for folder in folders.take_while(|folder| folder.starts_with(&root)) {
                File::open(folder)?.sync_all()?;
            }
            io::Result::Ok(())
        });
        let failed = |source| object_store::Error::Generic {
            store: "directory",
            source,
        };
        syncing
            .await
            .map_err(|error| failed(error.into()))?
            .map_err(|error| failed(error.into()))
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for Directory {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = self.files.put_opts(path, payload, options).await?;
        self.sync(path).await?;
        Ok(put)
    }

    /// Parts are as durable as the operating system makes them: what we put, we put whole.
    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await?;
        self.sync(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.files.rename_opts(from, to, options).await?;
        self.sync(to).await
    }
}
