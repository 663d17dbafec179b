//! Look-ups with every rule, uniformly over all people: with pages resident, and after the processor's caches were filled
//! with something else.

use std::hint::black_box;
use std::sync::Arc;

use memmap2::{Advice, MmapMut};
use octroi::simulate::country::Country;
use octroi_entitlements::{Directory, Query, Snapshot};
use rustix::time::{ClockId, clock_gettime};

use crate::results::{Figures, figures};
use crate::{Scale, Stopped, data};

/// Questions asked.
const QUESTIONS: u64 = 200_000;
/// Rounds of all questions; the median counts.
const ROUNDS: usize = 15;
/// Questions that are read before they are asked: a gateway has the text of a question in its first cache, because it has
/// just parsed it. Few enough to stay there.
const NEAR: usize = 32;
/// Rounds with cold caches; the median counts.
const COLD_ROUNDS: usize = 401;
/// Look-ups after the caches were filled, as one round.
const COLD_EACH: usize = 8;
/// Octets that fill the caches: more than any last level cache.
const THRASH: usize = 256 << 20;

/// Times that the clock is asked for what that takes.
const CLOCKS: usize = 10_001;

/// Memory in which one read after another is timed: as much as a body has.
const CHASED: usize = 1 << 30;
/// Reads that are timed, each at a place that the one before decides.
const READS: u32 = 2_000_000;

/// A question about somebody drawn uniformly.
struct Question {
    ent: String,
    person: String,
    uai: String,
    resource: String,
}

impl Question {
    /// Reads its text.
    fn read(&self) {
        for text in [&self.ent, &self.person, &self.uai, &self.resource] {
            black_box(text.bytes().fold(0_u8, u8::wrapping_add));
        }
    }
}

fn questions(country: &Country) -> Vec<Question> {
    let mut draw = country.draw("look-up");
    (0..QUESTIONS)
        .filter_map(|_| {
            let person = country.person_at(draw.below(country.shape().people))?;
            let school = country.school(person.seat.school);
            // Mostly what some school of theirs has subscribed to, sometimes anything.
            let subscriptions = country.subscriptions_of(&school);
            let resource = match draw.pick(&subscriptions) {
                Some(subscription) if draw.chance(900) => subscription.resource,
                _ => draw.place(country.shape().resources),
            };
            Some(Question {
                ent: country.ident_of(school.index).to_owned(),
                person: person.id,
                uai: school.uai,
                resource: country.resource(resource).ark,
            })
        })
        .collect()
}

/// Asks one; whether the answer is yes.
fn ask(directory: &Directory, question: &Question, now: i64) -> bool {
    directory
        .resolve(&Query {
            ent: &question.ent,
            person: &question.person,
            resource: &question.resource,
            school: Some(&question.uai),
            at: now,
        })
        .is_ok()
}

/// Measures both.
pub(crate) fn measure(scale: &Scale) -> Result<Figures, Stopped> {
    let country = data::country(&scale.dir)?;
    let snapshot = Snapshot::open(&scale.dir.join("bodies/1.octroi"))?;
    let people = snapshot.counts().people;
    let directory = Directory::bare(Arc::new(snapshot));
    let questions = questions(&country);
    let now = octroi::clock::system_now().unix_seconds();
    // Opening has read every page; a first round takes page faults away.
    let granted = questions.iter().filter(|q| ask(&directory, q, now)).count();
    if granted * 4 < questions.len() {
        return Err(format!(
            "only {granted} of {} are granted: body and nation differ",
            questions.len()
        )
        .into());
    }
    let clock = clock();
    let timed = |some: &[Question]| {
        let start = own_time();
        for question in some {
            black_box(ask(&directory, question, now));
        }
        own_time() - start - clock
    };
    let (mut rounds, mut near) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (mut far, mut again) = (0.0, 0.0);
        for some in questions.chunks(NEAR) {
            some.iter().for_each(Question::read);
            far += timed(some);
            again += timed(some);
        }
        rounds.push(far / questions.len() as f64);
        near.push(again / questions.len() as f64);
    }
    let mut other = vec![1u8; THRASH];
    let mut cold: Vec<f64> = questions
        .chunks(COLD_EACH)
        .take(COLD_ROUNDS)
        .map(|some| {
            other
                .iter_mut()
                .step_by(64)
                .for_each(|octet| *octet = octet.wrapping_add(1));
            black_box(&other);
            some.iter().for_each(Question::read);
            timed(some) / some.len() as f64
        })
        .collect();
    Ok(figures([
        ("lookup_memory_read_ns", memory_read()?),
        ("lookup_ns", median(&mut rounds)),
        // What the same questions take in the calmest round: memory is shared with whoever else is on the machine.
        (
            "lookup_best_ns",
            rounds.first().copied().unwrap_or(f64::NAN),
        ),
        // The same questions at once again: what is computed, without the waiting.
        ("lookup_again_ns", median(&mut near)),
        ("lookup_cold_ns", median(&mut cold)),
        ("lookup_clock_ns", clock),
        (
            "lookup_granted_percent",
            granted as f64 * 100.0 / questions.len() as f64,
        ),
        ("body_people", f64::from(people)),
    ]))
}

/// Nanoseconds of one read at a random place in huge pages, which waits for the read before it: what a look-up pays for
/// each step from record to record, on this machine and at this moment.
fn memory_read() -> Result<f64, Stopped> {
    let mut memory = MmapMut::map_anon(CHASED)?;
    // Without huge pages the figure is larger, and so is the look-up's.
    let _ = memory.advise(Advice::HugePage);
    let mut state = 1_u64;
    let mut next = |mixed: u64| {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(mixed | 1);
        state
    };
    for line in memory.chunks_exact_mut(64) {
        line[..8].copy_from_slice(&next(0).to_le_bytes());
    }
    let (lines, _) = memory.as_chunks::<64>();
    let start = own_time();
    let mut read = 1;
    for _ in 0..READS {
        let at = (next(read) >> 20) as usize % lines.len();
        let (first, _) = lines[at].as_chunks::<8>();
        read = first.first().copied().map_or(0, u64::from_le_bytes);
    }
    black_box(read);
    Ok((own_time() - start) / f64::from(READS))
}

/// Nanoseconds of asking for the time that are within what is timed: a call of the kernel, as long as a look-up.
fn clock() -> f64 {
    let mut all: Vec<f64> = (0..CLOCKS)
        .map(|_| {
            let start = own_time();
            own_time() - start
        })
        .collect();
    median(&mut all)
}

/// Nanoseconds of the processor that this thread has used: what else runs on the machine is not in it.
fn own_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
