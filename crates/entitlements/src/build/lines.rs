//! Lines of a file, hashed as they pass.
//!
//! Memory is bounded by the longest allowed line, whatever the file holds.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

use super::report::{BuildError, Reason};

/// Longest line, octets, without its end.
const MAX_LINE: usize = 64 * 1024;

/// Lines of a file, hashed as they pass.
pub(crate) struct Lines {
    reader: BufReader<Hashing>,
    line: Vec<u8>,
}

struct Hashing {
    file: File,
    hash: Context,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

impl Lines {
    pub(crate) fn new(file: File) -> Self {
        let hash = Context::new(&SHA256);
        Self {
            reader: BufReader::with_capacity(1 << 18, Hashing { file, hash }),
            line: Vec::new(),
        }
    }

    /// The next line without its end; a line that is too long is skipped and reported. `None` at the end.
    pub(crate) fn next(&mut self) -> std::io::Result<Option<Result<&[u8], Reason>>> {
        self.line.clear();
        let mut too_long = false;
        let mut any = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            too_long |= self.line.len() + part.len() > MAX_LINE + 1;
            if !too_long {
                self.line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(Some(if too_long || self.line.len() > MAX_LINE {
            Err(Reason::LineTooLong)
        } else {
            Ok(&self.line)
        }))
    }

    /// SHA-256 of everything read.
    pub(crate) fn digest(self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.reader.into_inner().hash.finish().as_ref());
        digest
    }
}

/// SHA-256 of a whole file.
pub(crate) fn digest(path: &Path) -> Result<[u8; 32], BuildError> {
    let fail = |error| BuildError::io(path, error);
    let mut reader = Lines::new(File::open(path).map_err(fail)?).reader;
    loop {
        let count = reader.fill_buf().map_err(fail)?.len();
        if count == 0 {
            let mut digest = [0; 32];
            digest.copy_from_slice(reader.into_inner().hash.finish().as_ref());
            return Ok(digest);
        }
        reader.consume(count);
    }
}
