//! Where records go that cannot be delivered: files with the names and contents of Firehose's S3
//! objects (spec delivery §2.7, §2.8).

pub(crate) mod key;
pub(crate) mod lines;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use picket_wire_hec::compression;

use crate::document::Compression;

/// The directory that stands for S3: `<root>/<bucket>/<key>`.
#[derive(Debug, Clone)]
pub(crate) struct BackupStore {
    root: PathBuf,
}

impl BackupStore {
    pub(crate) const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Writes one object. Resolves when it is on stable storage under its name; a reader never sees a
    /// part of it. An object of that name is replaced.
    pub(crate) async fn put(
        &self,
        bucket: &str,
        key: &str,
        bytes: Bytes,
        packing: Compression,
    ) -> io::Result<PathBuf> {
        let (root, path) = (self.root.clone(), self.root.join(bucket).join(key));
        let written = tokio::task::spawn_blocking(move || {
            let bytes = match packing {
                Compression::None => bytes,
                Compression::Gzip => compression::pack(&bytes, 6)?.into(),
            };
            write_durably(&root, &path, &bytes)?;
            Ok(path)
        });
        written.await.map_err(io::Error::other)?
    }
}

fn write_durably(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(root);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = folder.join(format!(".{name}.partial"));
    fs::create_dir_all(folder)?;
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&partial, path)?;
    // The name is durable once the folder is, and the folder once those above it are.
    for ancestor in folder.ancestors() {
        File::open(ancestor)?.sync_all()?;
        if ancestor == root {
            break;
        }
    }
    Ok(())
}
