//! Subscriptions that the platform makes itself: `AUTO_{UAI}_{n}_{epochms}`.

/// What begins the identifier of a subscription made by the platform, and of no other.
pub(super) const PREFIX: &str = "AUTO_";

/// What the identifier of a subscription made by the platform says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Automatic<'i> {
    /// The school.
    pub school: &'i str,
    /// A number of the platform's.
    pub number: u64,
    /// When it was made, Unix milliseconds.
    pub made_at_ms: u64,
}

impl<'i> Automatic<'i> {
    /// Reads an identifier. `None` when it is not of that shape. A school's identifier may hold `_`, the numbers may
    /// not, so they are read from the end.
    #[must_use]
    pub fn parse(id: &'i str) -> Option<Self> {
        let mut parts = id.strip_prefix(PREFIX)?.rsplitn(3, '_');
        let made_at_ms = digits(parts.next()?)?;
        let number = digits(parts.next()?)?;
        let school = parts.next().filter(|school| !school.is_empty())?;
        Some(Self {
            school,
            number,
            made_at_ms,
        })
    }
}

fn digits(text: &str) -> Option<u64> {
    // `parse` would take a sign.
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::Automatic;

    #[test]
    fn school_number_and_instant() {
        let automatic = Automatic {
            school: "0350042F",
            number: 21202,
            made_at_ms: 1_596_629_146_787,
        };
        assert_eq!(
            Automatic::parse("AUTO_0350042F_21202_1596629146787"),
            Some(automatic)
        );
        let odd = Automatic::parse("AUTO_A_B_1_2").unwrap();
        assert_eq!((odd.school, odd.number, odd.made_at_ms), ("A_B", 1, 2));
    }

    #[test]
    fn nothing_else() {
        for id in [
            "",
            "AUTO_",
            "AUTO_0350042F",
            "AUTO_0350042F_1",
            "AUTO__1_2",
            "AUTO_0350042F_1_",
            "AUTO_0350042F_+1_2",
            "AUTO_0350042F_1_99999999999999999999",
            "auto_0350042F_1_2",
            "XAUTO_0350042F_1_2",
        ] {
            assert_eq!(Automatic::parse(id), None, "{id}");
        }
    }
}
