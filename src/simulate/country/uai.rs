//! UAI: the national number of a school — seven digits and a check letter.
//!
//! Made-up schools get departments from 990 on, which no real school has, so that a demo never names one.

/// The 23 check letters: the alphabet without I, O and Q.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";

/// How many schools a made-up country can have: departments 990 to 999.
pub const MOST_SCHOOLS: u32 = 99_990;

/// The UAI of the seven-digit number given (taken modulo ten million): its check letter is the number modulo 23.
#[must_use]
pub fn uai(number: u32) -> String {
    let number = number % 10_000_000;
    let letter = LETTERS
        .get((number % 23) as usize)
        .copied()
        .map_or('A', char::from);
    format!("{number:07}{letter}")
}

/// The UAI of a made-up school: schools are dealt out over the ten made-up departments in turn.
#[must_use]
pub fn of_school(school: u32) -> String {
    let department = 990 + school % 10;
    uai(department * 10_000 + 1 + school / 10)
}

/// Whether this is seven digits and their check letter.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    text.len() == 8
        && text
            .get(..7)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .is_some_and(|number: u32| uai(number) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_letters_are_those_of_published_examples() {
        for published in ["0650499P", "0690037R", "0670007U", "0561534N"] {
            let number = published[..7].parse().unwrap();
            assert_eq!(uai(number), published);
            assert!(is_valid(published));
        }
    }

    #[test]
    fn a_wrong_letter_or_shape_is_told() {
        for wrong in [
            "0650499A",
            "650499P",
            "0650499",
            "0650499PP",
            "",
            "06504é9P",
            "+650499P",
        ] {
            assert!(!is_valid(wrong), "{wrong}");
        }
    }

    #[test]
    fn made_up_schools_have_distinct_valid_numbers() {
        let mut all: Vec<String> = (0..MOST_SCHOOLS).map(of_school).collect();
        assert!(all.iter().all(|u| is_valid(u) && u.starts_with("99")));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), MOST_SCHOOLS as usize);
    }
}
