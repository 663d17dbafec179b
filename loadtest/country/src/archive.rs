//! One archive: `tar.gz` as it is streamed to disk, then its `.md5`, as portals do it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};

/// First or second degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degree {
    /// `2D`: *collèges* and *lycées*.
    Second,
    /// `1D`: elementary schools.
    First,
}

impl Degree {
    /// As names of files have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Second => "2D",
            Self::First => "1D",
        }
    }

    /// Namespace of its schema.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Second => "http://data.education.fr/ns/gar",
            Self::First => "http://data.education.fr/ns/gar/1d",
        }
    }
}

/// In which of the known ways an exporter writes its tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tar {
    /// GNU headers.
    Gnu,
    /// POSIX headers.
    Ustar,
    /// POSIX headers, each after a pax record.
    Pax,
}

impl Tar {
    /// In turn.
    #[must_use]
    pub fn of(project: usize) -> Self {
        [Self::Gnu, Self::Ustar, Self::Pax][project % 3]
    }
}

/// A writer that sums what passes.
struct Summed<W> {
    to: W,
    md5: Md5,
    octets: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.to.write(octets)?;
        self.md5.update(&octets[..written]);
        self.octets += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// An archive that is being written.
pub struct Archive {
    tar: tar::Builder<GzEncoder<Summed<BufWriter<File>>>>,
    path: PathBuf,
    stem: String,
    style: Tar,
    mtime: u64,
}

impl Archive {
    /// Begins `{stem}.tar.gz` in a folder that exists. `mtime` is what the members say, in seconds since 1970.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(folder: &Path, stem: String, style: Tar, mtime: u64) -> io::Result<Self> {
        let path = folder.join(format!("{stem}.tar.gz"));
        let summed = Summed {
            to: BufWriter::with_capacity(1 << 18, File::create(&path)?),
            md5: Md5::new(),
            octets: 0,
        };
        Ok(Self {
            tar: tar::Builder::new(GzEncoder::new(summed, Compression::fast())),
            path,
            stem,
            style,
            mtime,
        })
    }

    /// Adds the file `{stem}_{part}_{number}.xml`, given in pieces.
    ///
    /// # Errors
    /// What the file system says.
    pub fn member(&mut self, part: &str, number: u32, pieces: &[&[u8]]) -> io::Result<()> {
        let name = format!("{}_{part}_{number:04}.xml", self.stem);
        let size: usize = pieces.iter().map(|p| p.len()).sum();
        if self.style == Tar::Pax {
            let mtime = format!("{}.25", self.mtime);
            self.tar
                .append_pax_extensions([("mtime", mtime.as_bytes())])?;
        }
        let mut header = match self.style {
            Tar::Gnu => tar::Header::new_gnu(),
            Tar::Ustar | Tar::Pax => tar::Header::new_ustar(),
        };
        header.set_size(size as u64);
        header.set_mode(0o640);
        header.set_mtime(self.mtime);
        self.tar.append_data(&mut header, name, Pieces(pieces, 0))
    }

    /// Ends the archive and writes its sum beside it; tells how many octets it has.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(self) -> io::Result<u64> {
        let mut summed = self.tar.into_inner()?.finish()?;
        summed.flush()?;
        let sum: String = summed
            .md5
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        std::fs::write(self.path.with_extension("").with_extension("md5"), sum)?;
        Ok(summed.octets)
    }
}

/// Reads one piece after the other.
struct Pieces<'a>(&'a [&'a [u8]], usize);

impl io::Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some((first, rest)) = self.0.split_first() {
            let left = first.get(self.1..).unwrap_or_default();
            if left.is_empty() {
                (self.0, self.1) = (rest, 0);
                continue;
            }
            let length = left.len().min(out.len());
            out[..length].copy_from_slice(&left[..length]);
            self.1 += length;
            return Ok(length);
        }
        Ok(0)
    }
}
