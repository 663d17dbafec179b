//! What lies in a drop box, and whether it may be taken (F6).
//!
//! A portal writes here and we only read and remove, so nothing is believed: links are not followed, pipes are not
//! opened, and a listing has a bound. Whether a file rests is asked of the time of its last change (`ctime`), which the
//! kernel sets at each write and which a client cannot set back, as it can the time of modification.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use octroi_saml::Time;
use rustix::fs::OFlags;

use super::name;

/// No portal has more deliveries waiting.
const MOST: usize = 10_000;
/// Files of other names that are looked at: they are refused, or told as incomplete.
const MOST_OTHERS: usize = 1_000;
/// A sum is 32 digits and perhaps an end of line.
const LONGEST_SUM: u64 = 256;

/// A delivery, its sum, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// The delivery, when it is there.
    pub delivery: Option<PathBuf>,
    /// Its sum, when it is there.
    pub sum: Option<PathBuf>,
    /// The size of the delivery.
    pub octets: u64,
    /// When the last of both changed.
    pub changed: Time,
}

impl Lying {
    /// Whether both are there and have rested.
    #[must_use]
    pub fn is_ripe(&self, now: Time, rest: Duration) -> bool {
        self.delivery.is_some() && self.sum.is_some() && self.rests(now, rest)
    }

    /// Whether nothing has changed for so long.
    #[must_use]
    pub fn rests(&self, now: Time, rest: Duration) -> bool {
        rest.is_zero()
            || now.seconds_after(self.changed) >= i64::try_from(rest.as_secs()).unwrap_or(i64::MAX)
    }

    /// The name of what is there.
    #[must_use]
    pub fn name(&self) -> String {
        let path = self.delivery.as_ref().or(self.sum.as_ref());
        path.map(|path| file_name(path)).unwrap_or_default()
    }

    /// Removes both, the delivery first: a sum alone takes nothing in. What the portal has written anew since it was
    /// looked at stays.
    ///
    /// # Errors
    /// What the file system says; a file that is gone already is no error.
    pub fn clear(&self) -> io::Result<()> {
        for path in self.delivery.iter().chain(&self.sum) {
            let changed = |status: fs::Metadata| Time::from_unix_seconds(status.ctime());
            if fs::symlink_metadata(path).is_ok_and(|status| changed(status) > self.changed) {
                continue;
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        Ok(())
    }
}

/// Removes the sum of a delivery that was taken in and removed, when nobody has changed it since it was `seen`.
///
/// # Errors
/// What the file system says; a sum that is not there is no error.
pub fn clear_sum(folder: &Path, file: &str, seen: Time) -> io::Result<()> {
    let stem = name::stem(file).unwrap_or(file);
    for sum in [format!("{file}.md5"), format!("{stem}.md5")] {
        let path = folder.join(sum);
        if let Ok(status) = fs::symlink_metadata(&path)
            && status.is_file()
            && Time::from_unix_seconds(status.ctime()) <= seen
        {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
    }
    Ok(())
}

/// What was seen of a drop box.
#[derive(Debug)]
pub struct Seen {
    /// What lies there, in order of name.
    pub lying: Vec<Lying>,
    /// Whether more lies there than is looked at.
    pub more: bool,
}

/// Names by what they are of, the first `most` in order; memory is theirs, however many there are.
struct Heap {
    most: usize,
    stems: BTreeMap<String, Vec<String>>,
    /// From here on nothing is kept, so that no delivery is parted from its sum.
    cut: Option<String>,
}

impl Heap {
    const fn new(most: usize) -> Self {
        Self {
            most,
            stems: BTreeMap::new(),
            cut: None,
        }
    }

    fn take(&mut self, stem: &str, name: String) {
        if self.cut.as_deref().is_some_and(|cut| stem >= cut) {
            return;
        }
        self.stems.entry(stem.to_owned()).or_default().push(name);
        if self.stems.len() > self.most {
            self.cut = self.stems.pop_last().map(|(stem, _)| stem);
        }
    }
}

/// What lies in the drop box of a portal, in order of name.
///
/// Only deliveries and sums are kept, and those that are named as the portal's own apart from others, so that whatever
/// else lies there hides none of them.
///
/// # Errors
/// What the file system says of the folder. A file that cannot be looked at is among what lies there: whoever opens it is told.
pub fn look(folder: &Path, ent: &str) -> io::Result<Seen> {
    let (mut own, mut others) = (Heap::new(MOST), Heap::new(MOST_OTHERS));
    let ours = format!("{ent}_GAR-ENT_");
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let bare = name.strip_suffix(".md5");
        let of = bare.unwrap_or(&name);
        let stem = name::stem(of);
        if bare.is_none() && stem.is_none() {
            continue;
        }
        // What cannot be asked is told when it is opened.
        if entry.file_type().is_ok_and(|of| !of.is_file()) {
            continue;
        }
        let stem = stem.unwrap_or(of).to_owned();
        let heap = if stem.starts_with(&ours) {
            &mut own
        } else {
            &mut others
        };
        heap.take(&stem, name);
    }
    let more = own.cut.is_some() || others.cut.is_some();
    let names = own.stems.into_values().chain(others.stems.into_values());
    let mut names: Vec<String> = names.flatten().collect();
    names.sort();
    let lying = pairs(folder, &names);
    Ok(Seen { lying, more })
}

/// Brings deliveries and sums together; `names` are in order.
fn pairs(folder: &Path, names: &[String]) -> Vec<Lying> {
    let mut found = Vec::new();
    let lies = |name: &String| names.binary_search(name).is_ok();
    for file in names {
        if let Some(stem) = name::stem(file) {
            // Both habits are seen: X.tar.gz.md5 and X.md5.
            let mut sums = [format!("{file}.md5"), format!("{stem}.md5")].into_iter();
            found.extend(lying(folder, Some(file), sums.find(lies).as_deref()));
        } else if let Some(rest) = file.strip_suffix(".md5") {
            let whole = |ending| format!("{rest}{ending}");
            let of = [whole(""), whole(name::FULL), whole(name::DELTA)];
            let alone = |delivery: &String| name::stem(delivery).is_none() || !lies(delivery);
            if of.iter().all(alone) {
                found.extend(lying(folder, None, Some(file)));
            }
        }
    }
    found
}

/// `None` for what the portal has renamed or removed meanwhile: the next look tells.
fn lying(folder: &Path, delivery: Option<&str>, sum: Option<&str>) -> Option<Lying> {
    let mut changed = Time::from_unix_seconds(0);
    let mut octets = 0;
    for name in delivery.iter().chain(&sum) {
        match fs::symlink_metadata(folder.join(name)) {
            Ok(status) => {
                changed = changed.max(Time::from_unix_seconds(status.ctime()));
                if Some(name) == delivery.as_ref() {
                    octets = status.len();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            // Whoever opens it is told the same.
            Err(_) => {}
        }
    }
    Some(Lying {
        delivery: delivery.map(|name| folder.join(name)),
        sum: sum.map(|name| folder.join(name)),
        octets,
        changed,
    })
}

/// Opens a regular file: no link is followed, no pipe waited for.
///
/// # Errors
/// What the file system says; [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags).unwrap_or(0))
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no regular file",
        ))
    }
}

/// The sum in a `.md5` file: 32 hex digits, and blanks around them. `None` when it says anything else.
///
/// # Errors
/// What the file system says.
pub fn sum(path: &Path) -> io::Result<Option<[u8; 16]>> {
    let mut text = Vec::new();
    open(path)?.take(LONGEST_SUM).read_to_end(&mut text)?;
    let text = text.trim_ascii();
    if text.len() != 32 {
        return Ok(None);
    }
    let mut sum = [0; 16];
    for (byte, pair) in sum.iter_mut().zip(text.chunks_exact(2)) {
        let digits = (
            char::from(pair[0]).to_digit(16),
            char::from(pair[1]).to_digit(16),
        );
        let (Some(high), Some(low)) = digits else {
            return Ok(None);
        };
        *byte = u8::try_from(high * 16 + low).unwrap_or(0);
    }
    Ok(Some(sum))
}

/// The last part of a path, for the ledger and the log: bounded, and without control characters.
#[must_use]
pub fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_was_left_behind_is_removed_unless_it_is_new() {
        let folder = std::env::temp_dir().join(format!("octroi-sums-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (file, sums) in [
            ("X.tar.gz", ["X.tar.gz.md5", "X.md5"]),
            ("Y.jsonl.gz", ["Y.jsonl.gz.md5", "Y.md5"]),
        ] {
            for sum in sums {
                let path = folder.join(sum);
                fs::write(&path, "0").unwrap();
                let written = fs::metadata(&path).unwrap().ctime();
                let seen = |later: i64| Time::from_unix_seconds(written + later);
                clear_sum(&folder, file, seen(-1)).unwrap();
                assert!(path.exists(), "{sum} is written since");
                clear_sum(&folder, file, seen(0)).unwrap();
                assert!(!path.exists(), "{sum}");
            }
            // Neither nothing nor a folder is an error, and the folder stays.
            let path = folder.join(sums[0]);
            fs::create_dir(&path).unwrap();
            clear_sum(&folder, file, Time::from_unix_seconds(i64::from(u32::MAX))).unwrap();
            assert!(path.exists());
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn pairs_are_found_and_links_are_not_followed() {
        let folder = std::env::temp_dir().join(format!("octroi-dropbox-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for name in [
            "a.tar.gz",
            "a.md5",
            "b.tar.gz",
            "b.tar.gz.md5",
            "c.tar.gz",
            "d.md5",
            "x.part",
        ] {
            fs::write(folder.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.join("e.tar.gz")).unwrap();
        let found = look(&folder, "B0").unwrap().lying;
        let shown: Vec<_> = found
            .iter()
            .map(|lying| (lying.name(), lying.delivery.is_some(), lying.sum.is_some()))
            .collect();
        assert_eq!(
            shown,
            [
                ("a.tar.gz".to_owned(), true, true),
                ("b.tar.gz".to_owned(), true, true),
                ("c.tar.gz".to_owned(), true, false),
                ("d.md5".to_owned(), false, true),
            ]
        );
        assert!(open(&folder.join("e.tar.gz")).is_err());
        assert!(open(&folder).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn whatever_else_lies_there_hides_no_delivery() {
        let folder = std::env::temp_dir().join(format!("octroi-junk-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let junk = MOST + MOST_OTHERS + 10;
        for at in 0..junk {
            // Before and behind it in the order of names, and of three kinds.
            for (at, ending) in ["part", "tar.gz", "md5"]
                .iter()
                .enumerate()
                .map(|(kind, ending)| (format!("{}{at:05}", ["A", "A", "Z"][kind]), ending))
            {
                fs::write(folder.join(format!("{at}.{ending}")), "").unwrap();
            }
        }
        let own = "B0_GAR-ENT_Complet_20261127_020000_2D";
        for ending in ["tar.gz", "tar.gz.md5"] {
            fs::write(folder.join(format!("{own}.{ending}")), "x").unwrap();
        }
        let seen = look(&folder, "B0").unwrap();
        assert!(seen.more);
        assert_eq!(seen.lying.len(), MOST_OTHERS + 1, "memory has a bound");
        let pair = |lying: &&Lying| lying.delivery.is_some() && lying.sum.is_some();
        let pairs: Vec<_> = seen.lying.iter().filter(pair).map(Lying::name).collect();
        assert_eq!(pairs, [format!("{own}.tar.gz")]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn where_the_bound_cuts_no_delivery_is_parted_from_its_sum() {
        let mut heap = Heap::new(2);
        for name in [
            "c.tar.gz", "a.md5", "b.tar.gz", "c.md5", "a.tar.gz", "b.md5",
        ] {
            heap.take(name.split('.').next().unwrap(), name.to_owned());
        }
        let kept: Vec<_> = heap.stems.into_values().map(|names| names.len()).collect();
        assert_eq!(kept, [2, 2]);
    }

    #[test]
    fn a_sum_is_32_digits_and_nothing_else() {
        let path = std::env::temp_dir().join(format!("octroi-sum-{}", std::process::id()));
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            sum(&path).unwrap()
        };
        let digits = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(read(digits).unwrap()[0], 0xd4);
        assert!(read(&format!("{digits}\r\n")).is_some());
        assert!(read(&digits.to_uppercase()).is_some());
        assert!(read(&format!("{digits}  x.tar.gz")).is_none());
        assert!(read(&digits[1..]).is_none());
        assert!(read("").is_none());
        fs::remove_file(path).unwrap();
    }
}
