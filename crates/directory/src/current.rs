//! Which segment is in force for an ENT project and degree.
//!
//! ```text
//! directory/<ENT>/2D.current                        the name of a segment beside it
//! directory/<ENT>/2D-20261127_031500-0-<root>.segment
//! ```
//!
//! A segment is written under its own name and then put in force by replacing one small file; a reader sees the old or
//! the new one, never a mixture. Old segments stay until somebody removes them: that is not decided here.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::{SegmentError, WriteError};
use crate::kinds::{Degree, is_ent_code};
use crate::read::Segment;

/// The folder of all portals' segments.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

/// A segment in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InForce {
    /// Code of the ENT project.
    pub ent: String,
    /// Of which flow.
    pub degree: Degree,
    /// The segment.
    pub path: PathBuf,
}

impl Directory {
    /// The directory in the folder `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of one ENT project's segments, made with mode 0700 if it is missing.
    pub fn folder(&self, ent: &str) -> Result<PathBuf, WriteError> {
        if !is_ent_code(ent) {
            return Err(WriteError::Ent);
        }
        let folder = self.root.join(ent);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| WriteError::io(&folder, error))?;
        Ok(folder)
    }

    /// Where a new segment is written before anybody knows its name: in the folder of its ENT project.
    pub fn draft(&self, ent: &str, degree: Degree) -> Result<PathBuf, WriteError> {
        Ok(self.folder(ent)?.join(format!("{degree}.draft")))
    }

    /// Puts the segment at `path`, on the same file system, in force under its own name, and answers what was in force before.
    /// Durable when this returns; doing it twice is doing it once.
    pub fn put_in_force(&self, path: &Path) -> Result<Option<PathBuf>, PutError> {
        let segment = Segment::open(path)?;
        let head = segment.head();
        let folder = self.folder(&head.ent)?;
        let mut root = String::new();
        for octet in &segment.root()[..8] {
            root.push_str(&format!("{octet:02x}"));
        }
        let (degree, delivered, sequence) = (head.degree, head.delivered, head.sequence);
        let name = format!("{degree}-{delivered}-{sequence}-{root}.segment");
        let before = self.in_force(&head.ent, degree)?;
        let at = folder.join(&name);
        let pointer = folder.join(format!("{degree}.current"));
        let io = |error| WriteError::io(&pointer, error);
        if path != at {
            fs::rename(path, &at).map_err(io)?;
            durable::sync_folder(&at).map_err(io)?;
        }
        let beside = durable::beside(&pointer).map_err(io)?;
        let mut file = durable::create(&beside).map_err(io)?;
        file.write_all(name.as_bytes()).map_err(io)?;
        durable::publish(&file, &beside, &pointer).map_err(io)?;
        Ok(before.filter(|before| *before != at))
    }

    /// The segment in force for one ENT project and degree.
    pub fn in_force(&self, ent: &str, degree: Degree) -> Result<Option<PathBuf>, SegmentError> {
        if !is_ent_code(ent) {
            return Ok(None);
        }
        let folder = self.root.join(ent);
        let pointer = folder.join(format!("{degree}.current"));
        let name = match fs::read_to_string(&pointer) {
            Ok(name) => name,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SegmentError::io(&pointer, error)),
        };
        let plain = name.len() <= 255 && name.ends_with(".segment") && !name.contains(['/', '\0']);
        if !plain {
            let wrong = io::Error::new(io::ErrorKind::InvalidData, "does not name a segment");
            return Err(SegmentError::io(&pointer, wrong));
        }
        Ok(Some(folder.join(name)))
    }

    /// Takes the segment of one ENT project and degree out of force; the file stays. Answers it.
    pub fn withdraw(&self, ent: &str, degree: Degree) -> Result<Option<PathBuf>, PutError> {
        let before = self.in_force(ent, degree)?;
        if before.is_some() {
            let pointer = self.root.join(ent).join(format!("{degree}.current"));
            durable::remove(&pointer)
                .and_then(|()| durable::sync_folder(&pointer))
                .map_err(|error| WriteError::io(&pointer, error))?;
        }
        Ok(before)
    }

    /// Everything in force, in the order of ENT project and degree.
    pub fn all(&self) -> Result<Vec<InForce>, SegmentError> {
        let mut all = Vec::new();
        let io = |error| SegmentError::io(&self.root, error);
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
            Err(error) => return Err(io(error)),
        };
        for entry in entries {
            let name = entry.map_err(io)?.file_name();
            let Some(ent) = name.to_str().filter(|name| is_ent_code(name)) else {
                continue;
            };
            for degree in Degree::ALL {
                if let Some(path) = self.in_force(ent, degree)? {
                    let ent = ent.to_owned();
                    all.push(InForce { ent, degree, path });
                }
            }
        }
        all.sort();
        Ok(all)
    }
}

/// A segment cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It, or what is in force, cannot be read.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// The directory cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
