//! Undoes the transport encoding of a vector's file with the product's own bounded decoders, so that broken base64 and
//! DEFLATE bombs meet the code that meets them in production.

use std::fmt::Write as _;

use octroi_dsig::{base64, redirect};
use octroi_xml::Limits;

/// The message inside a file, or the refusal code.
pub(crate) fn decode(file: Vec<u8>, encoding: &str) -> Result<Vec<u8>, String> {
    match encoding {
        "base64" => unbase64(&file),
        "deflate+base64" => redirect::inflate(&unbase64(&file)?, Limits::default().bytes)
            .map_err(|error| error.code().to_owned()),
        "" | "xml" | "octets" | "json" => Ok(file),
        other => Err(format!("encoding-unknown: {other}")),
    }
}

fn unbase64(file: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(file).map_err(|_| "base64-not-text".to_owned())?;
    base64::decode(text, Limits::default().bytes).map_err(|_| "encoding-invalid".to_owned())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Reads hexadecimal, as known-answer files write their octets.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{decode, hex, unhex};

    #[test]
    fn hexadecimal_reads_back() {
        assert_eq!(unhex(&hex(&[0, 255, 16])), Some(vec![0, 255, 16]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("é"), None);
    }

    #[test]
    fn broken_encodings_are_refused() {
        assert_eq!(
            decode(b"PGEv\nPg==".to_vec(), "base64"),
            Ok(b"<a/>".to_vec())
        );
        for (file, encoding) in [
            ("PGEv%", "base64"),
            ("PGEvPg==", "deflate+base64"),
            ("", "gzip"),
        ] {
            assert!(
                decode(file.as_bytes().to_vec(), encoding).is_err(),
                "{encoding}"
            );
        }
    }
}
