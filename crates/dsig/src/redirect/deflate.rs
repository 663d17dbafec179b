//! Raw DEFLATE (RFC 1951) with a bound on what it inflates to, kept while inflating (P3): a bomb costs the bound and no more.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::error::RedirectError;

/// Inflates a whole raw DEFLATE stream to at most `max` bytes.
///
/// # Errors
/// [`RedirectError::TooLarge`] past `max`, [`RedirectError::Deflate`] for a broken, truncated, or zlib-wrapped stream and for octets
/// after its end.
pub fn inflate(octets: &[u8], max: usize) -> Result<Vec<u8>, RedirectError> {
    let mut stream = Decompress::new(false);
    // One byte of room past the bound, so that "full" and "too large" differ.
    let most = max.saturating_add(1);
    let mut out = Vec::with_capacity(octets.len().saturating_mul(4).max(256).min(most));
    loop {
        let (read, written) = (stream.total_in(), out.len());
        let rest = usize::try_from(read)
            .ok()
            .and_then(|read| octets.get(read..));
        let status = stream
            .decompress_vec(rest.unwrap_or_default(), &mut out, FlushDecompress::None)
            .map_err(|_| RedirectError::Deflate)?;
        if out.len() > max {
            return Err(RedirectError::TooLarge { limit: max });
        }
        if status == Status::StreamEnd {
            return if stream.total_in() == octets.len() as u64 {
                Ok(out)
            } else {
                Err(RedirectError::Deflate)
            };
        }
        if out.len() == out.capacity() {
            out.reserve_exact(out.len().max(1).min(most - out.len()));
        } else if stream.total_in() == read && out.len() == written {
            // There was room, and nothing moved: the stream is cut off.
            return Err(RedirectError::Deflate);
        }
    }
}

/// Deflates to a raw stream.
#[must_use]
pub fn deflate(octets: &[u8]) -> Vec<u8> {
    let mut stream = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(octets.len() / 2 + 64);
    loop {
        let rest = usize::try_from(stream.total_in())
            .ok()
            .and_then(|read| octets.get(read..));
        match stream.compress_vec(rest.unwrap_or_default(), &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return out,
            // Deflating cannot fail; it only asks for room.
            _ => out.reserve(out.len().max(256)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bomb_costs_the_bound() {
        let bomb = deflate(&vec![b'a'; 10_000_000]);
        assert!(bomb.len() < 20_000);
        assert_eq!(
            inflate(&bomb, 65_536),
            Err(RedirectError::TooLarge { limit: 65_536 })
        );
    }

    #[test]
    fn the_bound_is_exact() {
        let text = vec![b'x'; 1000];
        let stream = deflate(&text);
        assert_eq!(inflate(&stream, 1000).unwrap(), text);
        assert_eq!(
            inflate(&stream, 999),
            Err(RedirectError::TooLarge { limit: 999 })
        );
    }

    #[test]
    fn only_a_whole_raw_stream() {
        let stream = deflate(b"<x/>");
        let mut trailing = stream.clone();
        trailing.push(0);
        assert_eq!(inflate(&trailing, 100), Err(RedirectError::Deflate));
        for cut in 0..stream.len() {
            assert_eq!(
                inflate(&stream[..cut], 100),
                Err(RedirectError::Deflate),
                "{cut}"
            );
        }
        let zlib = [&[0x78, 0x9c], &stream[..]].concat();
        assert_eq!(inflate(&zlib, 100), Err(RedirectError::Deflate));
        assert_eq!(
            inflate(b"<samlp:AuthnRequest", 100),
            Err(RedirectError::Deflate)
        );
    }

    proptest! {
        #[test]
        fn round_trip(octets in proptest::collection::vec(any::<u8>(), 0..5000)) {
            prop_assert_eq!(inflate(&deflate(&octets), 5000).unwrap(), octets);
        }

        #[test]
        fn any_octets_end(octets in proptest::collection::vec(any::<u8>(), 0..500), max in 0usize..5000) {
            if let Ok(out) = inflate(&octets, max) {
                prop_assert!(out.len() <= max);
            }
        }
    }
}
