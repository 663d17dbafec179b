//! What replaces a value: consonants drawn by HMAC-SHA-256 under the key of the run.
//!
//! The same value of the same kind is always replaced the same way; without the key nobody can go back or try a guess.
//! Consonants alone, because no name, identifier or address of production comes out of them by chance.

use aws_lc_rs::hmac;
use octroi_entitlements::subscription::Automatic;
use zeroize::Zeroizing;

/// Octets of the key.
pub const KEY: usize = 32;
/// Shortest identifier of a person: 26 letters of 16 are 104 bits, so that no two people of a nation meet.
const SHORTEST_ID: usize = 26;
/// Longest (`GARPersonIdentifiant`).
const LONGEST_ID: usize = 64;
/// Letters of a class's code: 64 bits for the some hundred codes of one school.
const GROUP_CODE: usize = 16;
/// Letters of a subscription's number.
const SUBSCRIPTION: usize = 30;
/// What the platform's own subscriptions begin with; they are evaluated differently.
const AUTO: &str = "AUTO_";
const LETTERS: &[u8; 16] = b"bcdfghjklmnpqrst";

/// The key of one run. Wiped when dropped; it cannot be printed or copied.
pub struct Key(Zeroizing<[u8; KEY]>);

impl Key {
    /// A key that a test knows.
    #[must_use]
    pub fn given(octets: [u8; KEY]) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// A new key of the system's randomness; none when there is none.
    #[must_use]
    pub fn random() -> Option<Self> {
        let mut octets = Zeroizing::new([0; KEY]);
        aws_lc_rs::rand::fill(octets.as_mut_slice()).ok()?;
        Some(Self(octets))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Replaces values under one key. The library wipes its copy of the key when this is dropped.
pub(super) struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    pub(super) fn new(key: Key) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.0.as_slice()))
    }

    /// Keyed octets for the parts of a value. Each part is preceded by its length, so that no two values are one.
    fn draw(&self, kind: &str, parts: &[&str], counter: u32) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(&kind).chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.update(&counter.to_be_bytes());
        context.sign()
    }

    /// A place in an order that only the key knows.
    pub(super) fn order(&self, kind: &str, value: &str) -> Vec<u8> {
        self.draw(kind, &[value], 0).as_ref().to_vec()
    }

    /// So many letters, at most 64.
    fn letters(&self, kind: &str, parts: &[&str], count: usize) -> String {
        let drawn = self.draw(kind, parts, 0);
        let halves = drawn.as_ref().iter().flat_map(|b| [b >> 4, b & 15]);
        halves
            .take(count)
            .map(|half| char::from(LETTERS[usize::from(half)]))
            .collect()
    }

    /// A person's identifier in an ENT project: as long as it was, but no shorter than keeps people apart.
    pub(super) fn person(&self, ent: &str, id: &str) -> String {
        let length = id.len().clamp(SHORTEST_ID, LONGEST_ID);
        self.letters("person", &[ent, id], length)
    }

    /// The code of a class or group of a school.
    pub(super) fn group(&self, uai: &str, kind: &str, code: &str) -> String {
        self.letters("group", &[uai, kind, code], GROUP_CODE)
    }

    /// The number of a subscription. The platform's own stays one: its name says the school, here the new one, and two
    /// numbers, as long as they were.
    pub(super) fn subscription<'s>(&self, id: &str, school: impl Fn(&str) -> &'s str) -> String {
        let school = Automatic::parse(id).map_or("", |automatic| school(automatic.school));
        let drawn = self.letters("subscription", &[id], SUBSCRIPTION);
        if !id.starts_with(AUTO) {
            return drawn;
        }
        let new = self.text("subscription", id);
        let mut numbers = new.rsplitn(3, '_');
        match (numbers.next(), numbers.next()) {
            (Some(made), Some(number)) if !school.is_empty() => {
                format!("{AUTO}{school}_{number}_{made}")
            }
            // Not of the platform's form: the build sets it aside there as here.
            _ => format!("{AUTO}{drawn}"),
        }
    }

    /// A text of the same shape: as many octets, letters in the same case, digits, and everything else as it was.
    pub(super) fn text(&self, kind: &str, text: &str) -> String {
        let mut drawn = self.draw(kind, &[text], 0);
        text.chars()
            .enumerate()
            .map(|(at, c)| {
                if at > 0 && at % 32 == 0 {
                    drawn = self.draw(kind, &[text], (at / 32) as u32);
                }
                let octet = drawn.as_ref()[at % 32];
                let letter = char::from(LETTERS[usize::from(octet & 15)]);
                match (c, c.len_utf8()) {
                    ('a'..='z', _) => letter,
                    ('A'..='Z', _) => letter.to_ascii_uppercase(),
                    ('0'..='9', _) => char::from(b'0' + octet % 10),
                    (c, 1) => c,
                    (_, 2) => 'ç',
                    (_, 3) => 'ḃ',
                    _ => '𝒷',
                }
            })
            .collect()
    }

    /// A mail address to which nothing can be sent: domains under `invalid` do not exist.
    pub(super) fn mail(&self, mail: &str) -> String {
        match mail.rsplit_once('@') {
            Some((_, domain)) => {
                let local = self.text("mail", mail);
                let local = local.rsplit_once('@').map_or("", |(local, _)| local);
                let domain = domain.rsplit_once('.').map_or(domain, |(above, _)| above);
                format!("{local}@{}.invalid", self.text("mail domain", domain))
            }
            None => self.text("mail", mail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(octet: u8) -> Pseudonyms {
        Pseudonyms::new(Key::given([octet; KEY]))
    }

    #[test]
    fn the_same_value_is_replaced_the_same_way_under_one_key_only() {
        let (a, b) = (names(1), names(2));
        assert_eq!(a.person("B0", "1000001"), a.person("B0", "1000001"));
        assert_ne!(a.person("B0", "1000001"), a.person("C0", "1000001"));
        assert_ne!(a.person("B0", "1000001"), b.person("B0", "1000001"));
        // Parts do not run into each other.
        assert_ne!(a.person("B0", "1x"), a.person("B01", "x"));
    }

    #[test]
    fn shapes_and_lengths_stay() {
        let names = names(1);
        for text in [
            "",
            "Dupont-Élan d'Été",
            "École 14, Bellecombe",
            &"long é".repeat(40),
            "東京 𝒳",
        ] {
            let new = names.text("name", text);
            assert_eq!(new.len(), text.len(), "{new}");
            assert_eq!(new.chars().count(), text.chars().count());
            assert!(text.is_empty() || new != text);
        }
        assert_eq!(names.person("B0", "1000001").len(), 26);
        assert_eq!(names.person("B0", &"é".repeat(100)).len(), 64);
        let mail = names.mail("zoe.dupont@ac-lyon.fr");
        assert!(
            mail.ends_with(".invalid") && mail.len() == "zoe.dupont@ac-lyon.invalid".len(),
            "{mail}"
        );
        let id = "AUTO_0561622J_1_1693526400000";
        let new = names.subscription(id, |school| {
            assert_eq!(school, "0561622J");
            "2000001A"
        });
        assert_eq!(new.len(), id.len());
        assert_eq!(Automatic::parse(&new).unwrap().school, "2000001A");
        assert_ne!(new.rsplit('_').next(), id.rsplit('_').next());
        let odd = names.subscription("AUTO_odd", |_| "");
        assert!(odd.starts_with("AUTO_") && !odd.contains("odd"), "{odd}");
    }
}
