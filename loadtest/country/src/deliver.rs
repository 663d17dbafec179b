//! A night's deliveries: an archive for each ENT project and degree, made on every processor.
//!
//! Memory is that of one archive's open files on each processor, whatever the number of people.

use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::DateTime;
use octroi::simulate::country::Country;

use crate::archive::{Archive, Degree, Tar};
use crate::defect::Defects;
use crate::people::Sheets;
use crate::places::{Place, degree_of};
use crate::sheet::Order;
use crate::tally::{Counts, Delivered, Manifest};

/// What to deliver.
#[derive(Debug, Clone, Copy)]
pub struct Night {
    /// The instant that names of archives say: the first's; each further project's is a second later.
    pub at: DateTime,
    /// Bad records of each sort for 100 000 people.
    pub bad_per_100k: u32,
    /// How many archives are made at once.
    pub threads: NonZero<usize>,
}

/// One archive to make.
#[derive(Debug, Clone)]
struct Task {
    /// Number over all portals.
    project: usize,
    ident: String,
    schools: std::ops::Range<u32>,
    degree: Degree,
}

fn tasks(country: &Country) -> Vec<Task> {
    let mut tasks = Vec::new();
    let mut project = 0;
    for (portal, partner) in country.portals.iter().enumerate() {
        for (part, ident) in partner.idents().enumerate() {
            let schools = country.schools_of_part(portal, part);
            for degree in [Degree::Second, Degree::First] {
                // A project without a school of a degree does not deliver it.
                if schools
                    .clone()
                    .any(|s| degree_of(&country.school(s)) == degree)
                {
                    tasks.push(Task {
                        project,
                        ident: ident.to_owned(),
                        schools: schools.clone(),
                        degree,
                    });
                }
            }
            project += 1;
        }
    }
    tasks
}

/// Writes the archives of a night, each into the folder `out/{idENT}/`.
///
/// # Errors
/// What the file system says. Archives that were ended before stay.
pub fn deliver(country: &Country, night: Night, out: &Path) -> io::Result<Manifest> {
    let tasks = tasks(country);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(tasks.len()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..night.threads.get())
            .map(|_| {
                scope.spawn(|| {
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let delivered = archive(country, night, out, task)?;
                        if let Ok(mut done) = done.lock() {
                            done.push((task.project, task.degree.word(), delivered));
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("an archive's thread broke off")))
        })
    })?;
    let mut done = done
        .into_inner()
        .map_err(|_| io::Error::other("an archive's thread broke off"))?;
    done.sort_by_key(|(project, degree, _)| (*project, *degree));
    let archives: Vec<Delivered> = done
        .into_iter()
        .map(|(_, _, delivered)| delivered)
        .collect();
    let mut all = Counts::default();
    archives.iter().for_each(|a| all.add(&a.counts));
    Ok(Manifest {
        seed: country.shape().seed,
        people: country.shape().people,
        bad_per_100k: night.bad_per_100k,
        all,
        archives,
    })
}

fn archive(country: &Country, night: Night, out: &Path, task: &Task) -> io::Result<Delivered> {
    let folder = out.join(&task.ident);
    std::fs::create_dir_all(&folder)?;
    let at = night
        .at
        .checked_add(jiff::Span::new().seconds(task.project as i64))
        .map_err(io::Error::other)?;
    let stem = format!(
        "{}_GAR-ENT_Complet_{}_{}",
        task.ident,
        at.strftime("%Y%m%d_%H%M%S"),
        task.degree.word()
    );
    let mtime = at
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_err(io::Error::other)?
        .timestamp()
        .as_second();
    let mtime = u64::try_from(mtime).unwrap_or(0);
    let mut archive = Archive::create(&folder, stem.clone(), Tar::of(task.project), mtime)?;
    let seed = country.shape().seed;
    let defects = Defects::new(seed, night.bad_per_100k);
    let mut sheets = Sheets::new(task.degree, Order::of(task.project), defects, seed);
    for index in task.schools.clone() {
        let place = Place::of(country, index);
        if degree_of(&place.school) == task.degree {
            place.write(&mut sheets.etab, &mut sheets.groupe, &mut sheets.counts);
            for person in country.people_of(&place.school) {
                sheets.person(country, &place, &person);
                sheets.turn(&mut archive)?;
            }
        } else {
            // Staff of the other degree who also work in a school of this one.
            let staff = place.school.staff() as usize;
            for person in country.people_of(&place.school).take(staff) {
                sheets.person(country, &place, &person);
            }
        }
        sheets.turn(&mut archive)?;
    }
    let mut counts = sheets.finish(&mut archive)?;
    counts.archive_octets = archive.finish()?;
    Ok(Delivered {
        ident: task.ident.clone(),
        degree: task.degree.word().to_owned(),
        archive: format!("{stem}.tar.gz"),
        counts,
    })
}

impl Sheets {
    /// Writes the files that are full.
    fn turn(&mut self, archive: &mut Archive) -> io::Result<()> {
        self.each(|sheet, degree, counts| match sheet.is_full() {
            true => sheet.write(archive, degree, counts),
            false => Ok(()),
        })
    }

    /// Writes what is left.
    fn finish(mut self, archive: &mut Archive) -> io::Result<Counts> {
        self.each(|sheet, degree, counts| sheet.finish(archive, degree, counts))?;
        Ok(self.counts)
    }

    fn each(
        &mut self,
        mut act: impl FnMut(&mut crate::sheet::Sheet, Degree, &mut Counts) -> io::Result<()>,
    ) -> io::Result<()> {
        for sheet in [
            &mut self.etab,
            &mut self.eleve,
            &mut self.enseignant,
            &mut self.groupe,
            &mut self.respaff,
        ] {
            act(sheet, self.degree, &mut self.counts)?;
        }
        Ok(())
    }
}
