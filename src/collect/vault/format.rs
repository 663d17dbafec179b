//! The octets of an entry: a header, then chunks, each sealed by itself.
//!
//! ```text
//! header   8  "OCTVLT02"
//!          8  id of the vault's key: the first octets of its SHA-256
//!          8  when it was made, unix seconds, little-endian
//!         32  salt, random
//! chunk    n  at most 65 536 octets of content, AES-256-GCM, then 16 octets of tag
//!   …         every chunk but the last has exactly 65 536 octets of content; the last may be empty
//! ```
//! The key of an entry is HKDF-SHA256 (salt `octroi vault`) over the vault's key, expanded with `entry 2`, the header and
//! what the entry is bound to ([`super::EntryName::bound`]: portal, flow, kind, and for records the delivery):
//! each entry has its own, so that the nonces may count. Nonce: seven zero octets, the number of the chunk
//! (32 bits, big-endian), then 1 for the last chunk and 0 for every other. Chunks can thus be neither moved nor
//! dropped nor cut off at the end, and a header cannot be changed. (This is the STREAM construction.)

use std::io::{self, Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use octroi_saml::Time;

use super::key::VaultKey;

const MAGIC: &[u8; 8] = b"OCTVLT02";
/// Octets of the header.
pub const HEADER: usize = 56;
/// Octets of content in a chunk.
pub const CHUNK: usize = 1 << 16;
const TAG: usize = 16;

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Counts the chunks and makes their nonces.
struct Chunks {
    key: LessSafeKey,
    number: u32,
}

impl Chunks {
    fn new(key: &VaultKey, bound: &str, header: &[u8; HEADER]) -> io::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &*key.of(header, bound)?)
            .map_err(|_| bad("the key of the entry cannot be used"))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            number: 0,
        })
    }

    fn nonce(&mut self, last: bool) -> io::Result<Nonce> {
        let mut nonce = [0; 12];
        nonce[7..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = u8::from(last);
        self.number = self
            .number
            .checked_add(1)
            .ok_or_else(|| bad("the entry is too long"))?;
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// Seals what is written into it.
pub struct Sealing<W> {
    to: Option<W>,
    chunks: Chunks,
    buffer: Vec<u8>,
}

impl<W> std::fmt::Debug for Sealing<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealing(chunk {})", self.chunks.number)
    }
}

impl<W: Write> Sealing<W> {
    /// Writes the header. Only who says the same `bound` opens the entry again.
    ///
    /// # Errors
    /// What the writer says.
    pub fn begin(
        mut to: W,
        key: &VaultKey,
        bound: &str,
        now: Time,
        salt: [u8; 32],
    ) -> io::Result<Self> {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..16].copy_from_slice(&key.id());
        header[16..24].copy_from_slice(&now.unix_seconds().to_le_bytes());
        header[24..].copy_from_slice(&salt);
        to.write_all(&header)?;
        Ok(Self {
            to: Some(to),
            chunks: Chunks::new(key, bound, &header)?,
            buffer: Vec::with_capacity(CHUNK + TAG),
        })
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last)?;
        self.chunks
            .key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut self.buffer)
            .map_err(|_| bad("the chunk cannot be sealed"))?;
        let to = self.to.as_mut().ok_or_else(|| bad("the entry has ended"))?;
        to.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the last chunk and gives the writer back.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(&mut self) -> io::Result<W> {
        self.seal(true)?;
        self.to.take().ok_or_else(|| bad("the entry has ended"))
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full buffer is sealed when more comes: the last chunk must know that it is the last.
        if self.buffer.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens chunk by chunk; content is given out only when its chunk is authentic, and the end only when it is the end.
pub struct Unsealing<R> {
    from: R,
    chunks: Chunks,
    buffer: Vec<u8>,
    plain: usize,
    taken: usize,
    /// The first octet of the next chunk, read to know whether there is one.
    ahead: Option<u8>,
    ended: bool,
}

impl<R> std::fmt::Debug for Unsealing<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unsealing(chunk {})", self.chunks.number)
    }
}

impl<R: Read> Unsealing<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] when it is no entry, or one of another key. One that is bound to something else
    /// shows at the first octet of its content.
    pub fn begin(mut from: R, key: &VaultKey, bound: &str) -> io::Result<Self> {
        let header = header(&mut from)?;
        if header[8..16] != key.id() {
            return Err(bad("the entry was sealed with another key"));
        }
        Ok(Self {
            from,
            chunks: Chunks::new(key, bound, &header)?,
            buffer: Vec::with_capacity(CHUNK + TAG + 1),
            plain: 0,
            taken: 0,
            ahead: None,
            ended: false,
        })
    }

    fn open(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.extend(self.ahead.take());
        // One octet more than a chunk: whether there is another decides which nonce this one has.
        let wanted = CHUNK + TAG + 1 - self.buffer.len();
        (&mut self.from)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)?;
        let last = self.buffer.len() <= CHUNK + TAG;
        if !last {
            self.ahead = self.buffer.pop();
        }
        let nonce = self.chunks.nonce(last)?;
        let plain = self
            .chunks
            .key
            .open_in_place(nonce, Aad::empty(), &mut self.buffer)
            .map_err(|_| bad("the entry was altered, cut, or put under another name"))?
            .len();
        self.plain = plain;
        self.taken = 0;
        self.ended = last;
        Ok(())
    }
}

impl<R: Read> Read for Unsealing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.plain && !self.ended {
            self.open()?;
        }
        let given = out.len().min(self.plain - self.taken);
        out[..given].copy_from_slice(&self.buffer[self.taken..self.taken + given]);
        self.taken += given;
        Ok(given)
    }
}

fn header(from: &mut impl Read) -> io::Result<[u8; HEADER]> {
    let mut header = [0; HEADER];
    from.read_exact(&mut header)
        .map_err(|_| bad("no entry of a vault"))?;
    if &header[..8] != MAGIC {
        return Err(bad("no entry of a vault"));
    }
    Ok(header)
}

/// When an entry was made, as its header says. Not authenticated: for purging, where a forger wins nothing that
/// removing the file would not give.
pub(super) fn created(mut from: impl Read) -> io::Result<Time> {
    let header = header(&mut from)?;
    let mut seconds = [0; 8];
    seconds.copy_from_slice(&header[16..24]);
    Ok(Time::from_unix_seconds(i64::from_le_bytes(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> VaultKey {
        VaultKey::new(&[7; 32])
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(
            Vec::new(),
            &key(),
            "B0-2D/archive",
            Time::from_unix_seconds(1_800_000_000),
            [3; 32],
        )
        .unwrap();
        sealing.write_all(plain).unwrap();
        sealing.finish().unwrap()
    }

    fn opened(sealed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Unsealing::begin(sealed, &key(), "B0-2D/archive")?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn every_length_around_a_chunk_comes_back() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let sealed = sealed(&plain);
            assert_eq!(opened(&sealed).unwrap(), plain, "{length}");
            assert_eq!(created(&sealed[..]).unwrap().unix_seconds(), 1_800_000_000);
        }
    }

    #[test]
    fn nothing_of_the_content_shows() {
        let sealed = sealed(&b"DUPONT".repeat(20_000));
        assert!(memchr::memmem::find(&sealed, b"DUPONT").is_none());
    }

    #[test]
    fn cut_after_a_chunk_swapped_or_doubled_chunks_do_not_open() {
        let whole = sealed(&vec![1; 3 * CHUNK]);
        let chunk = CHUNK + TAG;
        for chunks in 0..3 {
            assert!(opened(&whole[..HEADER + chunks * chunk]).is_err());
        }
        let mut swapped = whole.clone();
        swapped[HEADER..HEADER + 2 * chunk].rotate_left(chunk);
        assert!(opened(&swapped).is_err());
        let mut doubled = whole.clone();
        doubled.extend_from_slice(&whole[HEADER + 2 * chunk..]);
        assert!(opened(&doubled).is_err());
    }

    #[test]
    fn what_is_bound_to_something_else_does_not_open() {
        let sealed = sealed(b"x");
        for bound in ["B0-1D/archive", "B1-2D/archive", "B0-2D/archiv", ""] {
            let mut unsealing = Unsealing::begin(&sealed[..], &key(), bound).unwrap();
            assert!(unsealing.read_to_end(&mut Vec::new()).is_err(), "{bound}");
        }
    }

    #[test]
    fn another_key_is_told() {
        let error = Unsealing::begin(&sealed(b"x")[..], &VaultKey::new(&[8; 32]), "B0-2D/archive")
            .unwrap_err();
        assert!(error.to_string().contains("another key"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_change_is_found(length in 0usize..2 * CHUNK, at: proptest::sample::Index, bit in 0u8..8) {
            let plain = vec![b'p'; length];
            let mut sealed = sealed(&plain);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(opened(&sealed).is_err());
        }

        #[test]
        fn any_cut_is_found(length in 0usize..2 * CHUNK, at: proptest::sample::Index) {
            let sealed = sealed(&vec![b'p'; length]);
            let at = at.index(sealed.len());
            prop_assert!(opened(&sealed[..at]).is_err());
        }
    }
}
