//! Periods in lists: *from* and *until* (the first second after it), each a signed 64-bit number in two words, the lower
//! half first. −2⁶³ and 2⁶³−1 stand for an end that is open.
//!
//! This is the layout only; whether an instant is in a period is a rule.

use super::Corrupt;
use super::body::Body;
use super::fact::Words;
use crate::Attribute;

/// From, and until.
pub(crate) type Bounds = (i64, i64);

/// A period as a list has it.
pub(crate) fn words((from, until): Bounds) -> [u32; 4] {
    let half = |number: i64, at: u32| (number as u64 >> (32 * at)) as u32;
    [half(from, 0), half(from, 1), half(until, 0), half(until, 1)]
}

fn bounds(octets: &[u8; 16]) -> Bounds {
    let [a, b, c, d, e, f, g, h, from_here @ ..] = *octets;
    (
        i64::from_le_bytes([a, b, c, d, e, f, g, h]),
        i64::from_le_bytes(from_here),
    )
}

/// The period of a record that has one. Who has none is answered without reading the list.
#[inline]
pub(crate) fn validity(body: &Body, list: u32) -> Result<Option<Bounds>, Corrupt> {
    if list == 0 {
        return Ok(None);
    }
    let octets = body.list(list)?.octets();
    octets
        .try_into()
        .map(|octets| Some(bounds(octets)))
        .map_err(|_| Corrupt)
}

/// A list of attributes, each with a period: five words each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DatedAttributes<'s>(&'s [[u8; 20]]);

impl<'s> DatedAttributes<'s> {
    /// The words of a list, five by five.
    #[inline]
    pub(crate) fn of(words: Words<'s>) -> Result<Self, Corrupt> {
        let (items, rest) = words.octets().as_chunks();
        if rest.is_empty() {
            Ok(Self(items))
        } else {
            Err(Corrupt)
        }
    }

    /// Each in turn; an attribute that nobody knows is damage.
    #[inline]
    pub(crate) fn iter(
        self,
    ) -> impl Iterator<Item = Result<(Attribute, Bounds), Corrupt>> + use<'s> {
        self.0.iter().map(|octets| {
            let [a, b, c, d, period @ ..] = *octets;
            let number = u32::from_le_bytes([a, b, c, d]);
            let attribute = Attribute::ALL.get(number as usize).ok_or(Corrupt)?;
            Ok((*attribute, bounds(&period)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_come_back() {
        for period in [
            (0, 1),
            (-5, i64::MAX),
            (i64::MIN, 1 << 33),
            (1_767_225_600, 1_798_761_600),
        ] {
            let octets: Vec<u8> = words(period).iter().flat_map(|w| w.to_le_bytes()).collect();
            assert_eq!(bounds(octets.as_slice().try_into().unwrap()), period);
        }
    }

    #[test]
    fn attributes_have_their_periods() {
        let mut list = vec![Attribute::Div as u32];
        list.extend(words((3, 9)));
        let octets =
            |list: &[u32]| -> Vec<u8> { list.iter().flat_map(|w| w.to_le_bytes()).collect() };
        let read = |octets: &[u8]| {
            DatedAttributes::of(Words::new(octets)).map(|d| d.iter().collect::<Vec<_>>())
        };
        assert_eq!(read(&octets(&list)), Ok(vec![Ok((Attribute::Div, (3, 9)))]));
        assert_eq!(read(&octets(&list[..4])), Err(Corrupt), "a word is missing");
        list[0] = 99;
        assert_eq!(
            read(&octets(&list)),
            Ok(vec![Err(Corrupt)]),
            "no such attribute"
        );
    }
}
