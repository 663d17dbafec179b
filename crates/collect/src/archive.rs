//! An archive as it lies in the drop box: read once, for its sum, its hash and its files.
//!
//! What is unpacked is bounded in octets, in their ratio to what is packed and in entries, before any of it is read as
//! XML. Nothing is ever written to a path that an archive names.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use aws_lc_rs::digest::{Context, SHA256};
use flate2::bufread::MultiGzDecoder;
use md5::{Digest, Md5};
use tar::{Archive, EntryType};

use crate::error::ImportError;
use crate::name::{self, ArchiveName, FileKind};
use crate::options::Limits;

/// Octets read at once from the file.
const CHUNK: usize = 256 << 10;
/// Below this the ratio is not looked at.
const RATIO_FROM: u64 = 64 << 20;
/// The longest name of an entry, or set of pax records.
const MAX_NAME: u64 = 64 << 10;

/// What is known when the archive was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) md5: [u8; 16],
    pub(crate) sha256: [u8; 32],
    /// Octets of the archive.
    pub(crate) packed: u64,
}

/// An entry of the tar.
pub(crate) enum Entry<'e> {
    /// A file of the delivery.
    File {
        name: &'e str,
        kind: FileKind,
        content: &'e mut dyn Read,
    },
    /// Something that is set aside, and why.
    Other { name: &'e str, reason: &'e str },
}

/// The `.md5` beside an archive: 32 hexadecimal digits and nothing else, but perhaps blanks around them.
pub(crate) fn sum(path: &Path) -> Result<[u8; 16], ImportError> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| ImportError::read(path, error))?;
    let read = file.take(256).read_to_string(&mut text);
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(ImportError::SumForm);
        }
        other => other.map_err(|error| ImportError::read(path, error))?,
    };
    let digits = text.trim_ascii().as_bytes();
    if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(ImportError::SumForm);
    }
    let mut sum = [0; 16];
    for (octet, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
        *octet = digit(pair[0]) << 4 | digit(pair[1]);
    }
    Ok(sum)
}

/// Reads the archive at `path` and gives each entry to `each`, with the octets of the archive read so far.
pub(crate) fn read(
    path: &Path,
    name: &ArchiveName,
    limits: &Limits,
    each: &mut dyn FnMut(Entry<'_>, u64) -> Result<(), ImportError>,
) -> Result<Sums, ImportError> {
    let file = File::open(path).map_err(|error| ImportError::read(path, error))?;
    read_from(Box::new(file), path, name, limits, each)
}

/// The same from anything that can be read.
pub(crate) fn read_from<'f>(
    file: Box<dyn Read + 'f>,
    path: &Path,
    name: &ArchiveName,
    limits: &Limits,
    each: &mut dyn FnMut(Entry<'_>, u64) -> Result<(), ImportError>,
) -> Result<Sums, ImportError> {
    let sums = Rc::new(RefCell::new(Hashes::new()));
    let hashed = Hashed {
        file,
        sums: Rc::clone(&sums),
        path,
    };
    let mut inflated = Bounded {
        inner: MultiGzDecoder::new(BufReader::with_capacity(CHUNK, hashed)),
        sums: Rc::clone(&sums),
        limits: *limits,
        total: 0,
        zeros: 0,
    };
    entries(&mut Archive::new(&mut inflated), name, limits, &sums, each)?;
    if inflated.zeros < 512 {
        return Err(ImportError::Tar("no end mark"));
    }
    // What pads the tar, and the checksum at the end of the gzip stream.
    io::copy(&mut inflated, &mut io::sink()).map_err(ImportError::reading)?;
    let mut rest = inflated.inner.into_inner();
    loop {
        let length = rest.fill_buf().map_err(ImportError::reading)?.len();
        if length == 0 {
            break;
        }
        rest.consume(length);
    }
    drop(rest);
    let sums = sums.borrow();
    Ok(sums.finish())
}

fn entries<R: Read>(
    archive: &mut Archive<R>,
    name: &ArchiveName,
    limits: &Limits,
    sums: &RefCell<Hashes>,
    each: &mut dyn FnMut(Entry<'_>, u64) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let damaged = |error: io::Error| match error.downcast::<ImportError>() {
        Ok(ours) => ours,
        // Errors of the tar layer are made from words; those of the stream beneath keep their own kind.
        Err(error) if error.kind() == io::ErrorKind::Other => {
            ImportError::Tar("a header is damaged")
        }
        Err(error) => ImportError::Gzip(error),
    };
    // A long name or pax records stand before the entry that they tell of.
    let mut told_name: Option<String> = None;
    let mut count = 0;
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        count += 1;
        if count > limits.members {
            return Err(ImportError::TooMuch {
                what: "entries of the tar",
                limit: u64::from(limits.members),
            });
        }
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
            let size = entry.header().entry_size().map_err(damaged)?;
            if size > MAX_NAME {
                return Err(ImportError::TooMuch {
                    what: "octets of an entry's name",
                    limit: MAX_NAME,
                });
            }
            let mut octets = Vec::new();
            entry.read_to_end(&mut octets).map_err(damaged)?;
            match kind {
                EntryType::GNULongName => told_name = Some(long_name(&octets)),
                _ => told_name = pax(&octets)?.or(told_name),
            }
            continue;
        }
        if matches!(kind, EntryType::XGlobalHeader | EntryType::GNULongLink) {
            continue;
        }
        let own = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let full = told_name.take().unwrap_or(own);
        let full: String = full.chars().take(512).collect();
        let flat = full.strip_prefix("./").unwrap_or(&full);
        let reason = match kind {
            EntryType::Directory if matches!(flat, "" | ".") => continue,
            EntryType::Regular | EntryType::Continuous => None,
            EntryType::Directory => Some("a folder"),
            EntryType::Link | EntryType::Symlink => Some("a link"),
            _ => Some("not a plain file"),
        };
        let read = sums.borrow().packed;
        let reason = match (reason, name::member(flat, name)) {
            (None, Some(kind)) => {
                let content = &mut entry;
                each(
                    Entry::File {
                        name: flat,
                        kind,
                        content,
                    },
                    read,
                )?;
                // What was not read of it, because it broke, is passed over here, within the limits.
                io::copy(&mut entry, &mut io::sink()).map_err(damaged)?;
                continue;
            }
            (Some(reason), _) => reason,
            (None, None) if flat.contains('/') => "a path, where the archive is flat",
            (None, None) => "a name that is not one of a file of this archive",
        };
        each(Entry::Other { name: flat, reason }, read)?;
    }
    Ok(())
}

fn long_name(octets: &[u8]) -> String {
    let end = octets.iter().position(|octet| *octet == 0);
    String::from_utf8_lossy(&octets[..end.unwrap_or(octets.len())]).into_owned()
}

/// The path that pax records tell. A size that they tell is refused: only files of more than 8 GiB need one.
fn pax(octets: &[u8]) -> Result<Option<String>, ImportError> {
    let mut path = None;
    for record in tar::PaxExtensions::new(octets) {
        let record = record.map_err(|_| ImportError::Tar("pax records are damaged"))?;
        match record.key_bytes() {
            b"path" => path = Some(String::from_utf8_lossy(record.value_bytes()).into_owned()),
            b"size" => return Err(ImportError::Tar("a pax record tells a size")),
            _ => {}
        }
    }
    Ok(path)
}

struct Hashes {
    md5: Md5,
    sha256: Context,
    packed: u64,
}

impl Hashes {
    fn new() -> Self {
        Self {
            md5: Md5::new(),
            sha256: Context::new(&SHA256),
            packed: 0,
        }
    }

    fn finish(&self) -> Sums {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.sha256.clone().finish().as_ref());
        Sums {
            md5: self.md5.clone().finalize().into(),
            sha256,
            packed: self.packed,
        }
    }
}

/// Hashes what is read from the file.
struct Hashed<'p, 'f> {
    file: Box<dyn Read + 'f>,
    sums: Rc<RefCell<Hashes>>,
    path: &'p Path,
}

impl Read for Hashed<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self
            .file
            .read(into)
            .map_err(|error| io::Error::other(ImportError::read(self.path, error)))?;
        let mut sums = self.sums.borrow_mut();
        sums.md5.update(&into[..length]);
        sums.sha256.update(&into[..length]);
        sums.packed += length as u64;
        Ok(length)
    }
}

/// What is unpacked, within the limits.
struct Bounded<R> {
    inner: R,
    sums: Rc<RefCell<Hashes>>,
    limits: Limits,
    total: u64,
    /// Zero octets at the end of what was read so far.
    zeros: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        self.total += length as u64;
        let tail = into[..length]
            .iter()
            .rev()
            .take(512)
            .take_while(|octet| **octet == 0);
        let zeros = tail.count();
        self.zeros = if zeros == length {
            self.zeros + zeros
        } else {
            zeros
        };
        let too_much = |what, limit| Err(io::Error::other(ImportError::TooMuch { what, limit }));
        if self.total > self.limits.inflated {
            return too_much("octets unpacked", self.limits.inflated);
        }
        let most = self.sums.borrow().packed.saturating_mul(self.limits.ratio);
        if self.total > RATIO_FROM && self.total > most {
            return too_much("octets unpacked for each octet packed", self.limits.ratio);
        }
        Ok(length)
    }
}
