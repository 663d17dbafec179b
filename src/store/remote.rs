//! The object store: a folder, S3, or a web server that is only read.
//!
//! Small documents are read whole up to a bound; bodies go through in pieces. Nothing that comes from here is believed:
//! whoever asks checks signatures and hashes.

use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig,
    WriteMultipart,
};

/// Octets of one part of an upload; S3 wants at least 5 MiB, and 10 000 parts must do for the largest body.
const PART: usize = 16 << 20;
/// Parts on their way at once: with [`PART`], what an upload holds in memory.
const PARTS: usize = 3;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// `[store] url` cannot be used.
    #[error("[store] url \"{url}\": {why}")]
    Url {
        /// What it says.
        url: String,
        /// Why not.
        why: String,
    },
    /// The store cannot be reached or refuses.
    #[error("the store: {0}")]
    Away(#[from] object_store::Error),
    /// An object is longer than any of its kind.
    #[error("{name} is longer than {longest} octets")]
    TooLong {
        /// Which.
        name: String,
        /// The bound.
        longest: usize,
    },
    /// It answers, and has nothing of what it had.
    #[error(
        "the store has no manifests/latest.json, though manifest {seen} was there: is it the same store, and mounted? \
         (`octroi snapshot gc` writes a missing copy anew)"
    )]
    Lost {
        /// The highest manifest that was seen.
        seen: u64,
    },
    /// A file of this machine.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
}

impl StoreError {
    pub(super) fn file(path: &FilePath) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::File { path, error }
    }

    /// Asking did not come to an end.
    #[must_use]
    pub fn asking(error: std::io::Error) -> Self {
        Self::Away(object_store::Error::Generic {
            store: "store",
            source: Box::new(error),
        })
    }

    /// Whether the object is simply not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Away(object_store::Error::NotFound { .. }))
    }
}

/// An object that the store lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name below the store's root.
    pub name: String,
    /// Its octets.
    pub bytes: u64,
    /// When it was written, Unix seconds.
    pub written: i64,
}

/// An open store.
#[derive(Clone)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.store)
    }
}

impl Remote {
    /// The folder that `url` names, when it names one.
    #[must_use]
    pub fn folder(url: &str, base: &FilePath) -> Option<PathBuf> {
        let path = url.strip_prefix("file://").unwrap_or(url);
        (!path.contains("://")).then(|| base.join(path))
    }

    /// Opens the store that `url` names: `s3://bucket/prefix` (credentials, region and endpoint from the `AWS_…`
    /// variables of the environment), `https://host/path` (read only), or a folder, relative to `base`.
    ///
    /// # Errors
    /// [`StoreError::Url`]. Nothing is asked of a remote store yet; a folder is made when it is not there.
    pub fn open(url: &str, base: &FilePath) -> Result<Self, StoreError> {
        let refused = |why: String| StoreError::Url {
            url: url.to_owned(),
            why,
        };
        // Polls come again by themselves: a long retry inside one would only hide that the store is away.
        let retry = RetryConfig {
            max_retries: 2,
            retry_timeout: Duration::from_secs(20),
            ..RetryConfig::default()
        };
        let client = ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout(Duration::from_secs(120));
        if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(refused("there is no bucket in it".to_owned()));
            }
            let client = client.with_allow_http(std::env::var_os("AWS_ALLOW_HTTP").is_some());
            let store = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_client_options(client)
                .build()
                .map_err(|error| refused(error.to_string()))?;
            let prefix = Path::parse(prefix).map_err(|error| refused(error.to_string()))?;
            return Ok(Self {
                store: Arc::new(store),
                prefix,
            });
        }
        if url.starts_with("https://") || url.starts_with("http://") {
            let store = HttpBuilder::new()
                .with_url(url)
                .with_retry(retry)
                .with_client_options(client.with_allow_http(url.starts_with("http://")))
                .build()
                .map_err(|error| refused(error.to_string()))?;
            return Ok(Self {
                store: Arc::new(store),
                prefix: Path::default(),
            });
        }
        let Some(folder) = Self::folder(url, base) else {
            return Err(refused(
                "write a folder, s3://bucket/prefix or https://host/path".to_owned(),
            ));
        };
        private_folder(&folder).map_err(|error| refused(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| refused(error.to_string()))?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::default(),
        })
    }

    fn path(&self, name: &str) -> Path {
        Path::from_iter(self.prefix.parts().chain(Path::from(name).parts()))
    }

    /// A whole object of at most `longest` octets; `None` when it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, name: &str, longest: usize) -> Result<Option<Bytes>, StoreError> {
        let too_long = || StoreError::TooLong {
            name: name.to_owned(),
            longest,
        };
        let got = match self
            .store
            .get_opts(&self.path(name), GetOptions::default())
            .await
        {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // A server may tell a wrong size: what comes is counted too.
        if got.meta.size > longest as u64 {
            return Err(too_long());
        }
        let mut pieces = got.into_stream();
        let mut whole = Vec::new();
        while let Some(piece) = pieces.try_next().await? {
            if whole.len() + piece.len() > longest {
                return Err(too_long());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Some(whole.into()))
    }

    /// Octets of an object; fewer only where it ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn range(&self, name: &str, range: Range<u64>) -> Result<Bytes, StoreError> {
        let expected = range.end - range.start;
        let octets = self.store.get_range(&self.path(name), range).await?;
        if octets.len() as u64 > expected {
            return Err(StoreError::TooLong {
                name: name.to_owned(),
                longest: usize::try_from(expected).unwrap_or(usize::MAX),
            });
        }
        Ok(octets)
    }

    /// Length of an object; `None` when it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn length(&self, name: &str) -> Result<Option<u64>, StoreError> {
        match self.store.head(&self.path(name)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates an object that must not be there yet. `false` when somebody else has created it.
    ///
    /// # Errors
    /// [`StoreError`]; whether the object was created is then unknown.
    pub async fn create(&self, name: &str, octets: Vec<u8>) -> Result<bool, StoreError> {
        let options = PutOptions::from(PutMode::Create);
        match self
            .store
            .put_opts(&self.path(name), octets.into(), options)
            .await
        {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes an object, whether it was there or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace(&self, name: &str, octets: Vec<u8>) -> Result<(), StoreError> {
        self.store.put(&self.path(name), octets.into()).await?;
        Ok(())
    }

    /// Uploads a file in parts; the object appears whole or not at all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn upload(&self, name: &str, file: &FilePath) -> Result<(), StoreError> {
        use tokio::io::AsyncReadExt as _;
        let told = || StoreError::file(file);
        let mut from = tokio::fs::File::open(file).await.map_err(told())?;
        let upload = self.store.put_multipart(&self.path(name)).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = match from.read(&mut buffer).await {
                Ok(read) => read,
                Err(error) => {
                    upload.abort().await?;
                    return Err(told()(error));
                }
            };
            if read == 0 {
                break;
            }
            upload.wait_for_capacity(PARTS).await?;
            upload.write(buffer.get(..read).unwrap_or_default());
        }
        upload.finish().await?;
        Ok(())
    }

    /// What stands below a folder, in the order of names.
    ///
    /// # Errors
    /// [`StoreError`]; a web server cannot be asked.
    pub async fn list(&self, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let above = self.prefix.parts().count();
        let found = self.store.list(Some(&self.path(folder)));
        let mut listed: Vec<Listed> = found
            .map_ok(|meta| Listed {
                name: Path::from_iter(meta.location.parts().skip(above)).to_string(),
                bytes: meta.size,
                written: meta.last_modified.timestamp(),
            })
            .try_collect()
            .await?;
        listed.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(listed)
    }

    /// Removes an object; one that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Makes a folder that only this user and its group can enter: what is in it is personal data.
pub(super) fn private_folder(folder: &FilePath) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_kind_is_refused() {
        for url in ["ftp://x/y", "gs://bucket", "s3://", "https://"] {
            let error = Remote::open(url, FilePath::new("/nowhere"));
            assert!(matches!(error, Err(StoreError::Url { .. })), "{url}");
        }
    }

    #[tokio::test]
    async fn a_number_is_given_once() {
        let folder = std::env::temp_dir().join(format!("octroi-remote-{}", std::process::id()));
        let remote = Remote::open(folder.to_str().unwrap(), FilePath::new("/")).unwrap();
        assert!(
            remote
                .create("manifests/1.json", b"a".to_vec())
                .await
                .unwrap()
        );
        assert!(
            !remote
                .create("manifests/1.json", b"b".to_vec())
                .await
                .unwrap()
        );
        let got = remote.get("manifests/1.json", 10).await.unwrap();
        assert_eq!(got.as_deref(), Some(&b"a"[..]));
        assert_eq!(remote.get("manifests/2.json", 10).await.unwrap(), None);
        remote.replace("x.json", vec![0; 11]).await.unwrap();
        assert!(matches!(
            remote.get("x.json", 10).await,
            Err(StoreError::TooLong { .. })
        ));
        let names: Vec<String> = (remote.list("manifests").await.unwrap().into_iter())
            .map(|listed| listed.name)
            .collect();
        assert_eq!(names, ["manifests/1.json"]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
