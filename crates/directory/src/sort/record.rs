//! How a record lies in the buffer and in a run: length of the key and of the payload (4 octets each), key, payload.

/// Octets before a record's key: length of key and of payload.
pub(super) const HEAD: usize = 8;

pub(super) fn prefix(key: &[u8]) -> u64 {
    let mut word = [0; 8];
    let length = key.len().min(8);
    word[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(word)
}

pub(super) fn lengths(octets: &[u8]) -> (usize, usize) {
    let word = |at: usize| {
        let mut word = [0; 4];
        word.copy_from_slice(&octets[at..at + 4]);
        u32::from_le_bytes(word) as usize
    };
    (word(0), word(4))
}

pub(super) fn whole(octets: &[u8], start: u32) -> &[u8] {
    let record = &octets[start as usize..];
    let (key, payload) = lengths(record);
    &record[..HEAD + key + payload]
}

pub(super) fn parts(record: &[u8]) -> (&[u8], &[u8]) {
    let (key, _) = lengths(record);
    record[HEAD..].split_at(key)
}

pub(super) fn split(octets: &[u8], start: u32) -> (&[u8], &[u8]) {
    parts(whole(octets, start))
}
