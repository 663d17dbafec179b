//! A moving window on a file, as UTF-8: what the parser sees at once.
//!
//! Memory is the window: it grows only while a single record does not fit, and not past [`MAX_WINDOW`]. Octets that are
//! no UTF-8 become 0x1A (SUB) one for one, so that they spoil the record in which they stand and nothing else.

use std::io::{self, Read};

/// Octets read at once.
const CHUNK: usize = 128 << 10;
/// The longest record, or piece between records.
pub(crate) const MAX_WINDOW: usize = 1 << 20;
/// Stands for what is no character.
pub(crate) const SUBSTITUTE: char = '\u{1a}';

/// Byte order mark.
const MARK: char = '\u{feff}';

/// How the octets of a file become characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Latin9,
}

impl Encoding {
    /// By the name in an XML declaration.
    fn named(name: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if is(&["UTF-8", "US-ASCII", "ASCII"]) {
            Some(Self::Utf8)
        } else if is(&["ISO-8859-1", "ISO_8859-1", "latin1"]) {
            Some(Self::Latin1)
        } else if is(&["ISO-8859-15", "ISO_8859-15", "latin9"]) {
            Some(Self::Latin9)
        } else {
            None
        }
    }

    /// What a file that begins with `octets` is written in, or the name of an encoding that is not read.
    fn of(octets: &[u8]) -> Result<Self, String> {
        if octets.starts_with(b"\xfe\xff") || octets.starts_with(b"\xff\xfe") {
            return Err("UTF-16".to_owned());
        }
        let text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
        let Some(declaration) = text
            .strip_prefix(b"<?xml")
            .and_then(|rest| rest.split(|octet| *octet == b'>').next())
        else {
            return Ok(Self::Utf8);
        };
        let declaration = String::from_utf8_lossy(declaration);
        let Some((_, rest)) = declaration.split_once("encoding") else {
            return Ok(Self::Utf8);
        };
        let mut quoted = rest.split(['"', '\'']);
        let name = quoted.nth(1).unwrap_or_default();
        Self::named(name).ok_or_else(|| name.chars().take(40).collect())
    }

    fn character(self, octet: u8) -> char {
        match (self, octet) {
            (Self::Latin9, 0xa4) => '€',
            (Self::Latin9, 0xa6) => 'Š',
            (Self::Latin9, 0xa8) => 'š',
            (Self::Latin9, 0xb4) => 'Ž',
            (Self::Latin9, 0xb8) => 'ž',
            (Self::Latin9, 0xbc) => 'Œ',
            (Self::Latin9, 0xbd) => 'œ',
            (Self::Latin9, 0xbe) => 'Ÿ',
            // C1 controls are nobody's letters: most often the file is Windows-1252.
            (_, 0x80..=0x9f) => SUBSTITUTE,
            _ => char::from(octet),
        }
    }
}

/// The window. Its memory is reused for every file of an archive.
#[derive(Debug)]
pub(crate) struct Window {
    text: String,
    chunk: Vec<u8>,
    /// Octets at the front of `chunk` that may begin a character.
    kept: usize,
    encoding: Option<Encoding>,
    offset: u64,
    ended: bool,
}

/// Why a window cannot move on.
#[derive(Debug)]
pub(crate) enum Stuck {
    Io(io::Error),
    /// The declared encoding is not read.
    Encoding(String),
    /// Nothing was taken from the longest window.
    Full,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            text: String::new(),
            chunk: vec![0; CHUNK],
            kept: 0,
            encoding: None,
            offset: 0,
            ended: false,
        }
    }

    /// Begins another file.
    pub(crate) fn restart(&mut self) {
        self.text.clear();
        self.kept = 0;
        self.encoding = None;
        self.offset = 0;
        self.ended = false;
    }

    /// What can be seen.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the window begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the file ends with the window.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Lets go of the first `used` octets and reads on.
    pub(crate) fn slide(&mut self, used: usize, from: &mut dyn Read) -> Result<(), Stuck> {
        if used == 0 && self.text.len() >= MAX_WINDOW {
            return Err(Stuck::Full);
        }
        self.text.drain(..used);
        self.offset += used as u64;
        if self.encoding.is_none() {
            // Enough to see a declaration, even from a source that gives little at a time.
            let mut first = 0;
            while first < 512 {
                match read(from, &mut self.chunk[first..])? {
                    0 => break,
                    more => first += more,
                }
            }
            self.encoding = Some(Encoding::of(&self.chunk[..first]).map_err(Stuck::Encoding)?);
            self.ended = first == 0;
            self.take(first);
            if self.text.starts_with(MARK) {
                self.text.drain(..MARK.len_utf8());
                self.offset += MARK.len_utf8() as u64;
            }
            return Ok(());
        }
        // Whole chunks, however little the source gives at a time: each slide may mean that a record is parsed again.
        let mut filled = self.kept;
        while filled < CHUNK && !self.ended {
            match read(from, &mut self.chunk[filled..])? {
                0 => self.ended = true,
                more => filled += more,
            }
        }
        self.take(filled);
        Ok(())
    }

    /// Turns the first `length` octets of the chunk into text.
    fn take(&mut self, length: usize) {
        self.kept = 0;
        if let Some(encoding @ (Encoding::Latin1 | Encoding::Latin9)) = self.encoding {
            let characters = self.chunk[..length].iter();
            self.text
                .extend(characters.map(|octet| encoding.character(*octet)));
            return;
        }
        let mut at = 0;
        while at < length {
            match std::str::from_utf8(&self.chunk[at..length]) {
                Ok(text) => {
                    self.text.push_str(text);
                    return;
                }
                Err(error) => {
                    let good = at + error.valid_up_to();
                    if let Ok(text) = std::str::from_utf8(&self.chunk[at..good]) {
                        self.text.push_str(text);
                    }
                    let bad = error.error_len().unwrap_or(length - good);
                    if error.error_len().is_none() && !self.ended {
                        self.chunk.copy_within(good..length, 0);
                        self.kept = length - good;
                        return;
                    }
                    self.text.extend(std::iter::repeat_n(SUBSTITUTE, bad));
                    at = good + bad;
                }
            }
        }
    }
}

fn read(from: &mut dyn Read, into: &mut [u8]) -> Result<usize, Stuck> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(Stuck::Io),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `step` octets at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(into.len());
            into[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn all(octets: &[u8], step: usize) -> Result<String, Stuck> {
        let mut window = Window::new();
        let mut from = Slow(octets, step);
        let mut out = String::new();
        while !window.ended() {
            let used = window.text().len();
            out.push_str(window.text());
            window.slide(used, &mut from)?;
        }
        assert_eq!(window.offset() as usize, out.len());
        out.push_str(window.text());
        Ok(out)
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let text = format!("{}é€😀", "x".repeat(600));
        for step in 1..8 {
            assert_eq!(all(text.as_bytes(), step).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_utf8_is_substituted_octet_by_octet() {
        let text = [&b"a".repeat(600)[..], b"\xe9t\xe9 \xf0\x9f"].concat();
        for step in [1, 3, 600] {
            let expected = format!("{}\u{1a}t\u{1a} \u{1a}\u{1a}", "a".repeat(600));
            assert_eq!(all(&text, step).unwrap(), expected);
        }
    }

    #[test]
    fn latin_files_become_utf8() {
        let of = |name: &str| {
            [
                b"<?xml version='1.0' encoding='",
                name.as_bytes(),
                b"'?>\xe9 \xa4\x80",
            ]
            .concat()
        };
        let end = |octets: Vec<u8>| {
            all(&octets, 7)
                .unwrap()
                .split_once('>')
                .unwrap()
                .1
                .to_owned()
        };
        assert_eq!(end(of("ISO-8859-1")), "é ¤\u{1a}");
        assert_eq!(end(of("iso-8859-15")), "é €\u{1a}");
        assert_eq!(end(of("utf-8")), "\u{1a} \u{1a}\u{1a}");
    }

    #[test]
    fn other_encodings_are_named() {
        for (octets, name) in [
            (&b"\xff\xfe<\0"[..], "UTF-16"),
            (b"<?xml version='1.0' encoding=\"Shift_JIS\"?>", "Shift_JIS"),
        ] {
            assert!(matches!(all(octets, 9), Err(Stuck::Encoding(found)) if found == name));
        }
    }

    #[test]
    fn a_source_that_gives_little_does_not_make_the_window_slide_more_often() {
        let text = vec![b'x'; MAX_WINDOW / 2];
        let slides = |step| {
            let mut window = Window::new();
            let mut from = Slow(&text, step);
            let mut slides = 0;
            while !window.ended() {
                window.slide(0, &mut from).unwrap();
                slides += 1;
            }
            assert_eq!(window.text().len(), text.len());
            slides
        };
        assert!(slides(1) <= slides(usize::MAX) + 1);
    }

    #[test]
    fn a_full_window_is_stuck() {
        let mut window = Window::new();
        let text = vec![b'x'; 2 * MAX_WINDOW];
        let mut from = Slow(&text, usize::MAX);
        let stuck = loop {
            if let Err(stuck) = window.slide(0, &mut from) {
                break stuck;
            }
        };
        assert!(matches!(stuck, Stuck::Full));
    }
}
