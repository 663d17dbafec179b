//! A serving node under load while something else happens: an import and a build beside it, a swap, changes.
//!
//! Each phase takes a window of accesses without the disturbance right before the one with it, so that the machine of
//! both is the same; a window in which the generator itself was late counts for nothing and stops the phase.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clap::Parser;
use octroi_loadtest::mint::mint;
use octroi_loadtest::place::{Place, Visitor};
use octroi_loadtest::report::Report;
use octroi_loadtest::run::{RunArgs, run_beside, target};

use crate::host::{BATCH_SHARE, Share};
use crate::results::{Figures, figures};
use crate::serve::{Serving, generation};
use crate::{Scale, Stopped, child, import, publish};

/// Windows that are void are taken again so often.
const TRIES: u32 = 3;
/// How long a swap or a change may take before the phase gives up.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often somebody asks whether it has happened.
const ASK: Duration = Duration::from_millis(50);
/// Changes made in a window.
const CHANGES: u32 = 10;

#[derive(Parser)]
struct Run {
    #[command(flatten)]
    args: RunArgs,
}

/// What to run, as on the generator's own command line.
fn args(scale: &Scale, pid: u32, duration: u64) -> RunArgs {
    let (place, pid) = (scale.dir.display().to_string(), pid.to_string());
    let (rate, duration) = (scale.rate.to_string(), duration.to_string());
    let visitors = (scale.people / 100).clamp(100, 5_000).to_string();
    Run::parse_from([
        "octroi-loadtest",
        "--place",
        &place,
        "--pid",
        &pid,
        "--rate",
        &rate,
        "--duration",
        &duration,
        "--warm-up",
        "3",
        "--connections",
        "alive",
        "--visitors",
        &visitors,
    ])
    .args
}

/// One window of accesses; `begun` is told when those that count begin.
pub(crate) fn window(
    scale: &Scale,
    serving: &Serving,
    duration: u64,
    begun: impl Fn(),
) -> Result<Report, Stopped> {
    let report = run_beside(&args(scale, serving.pid(), duration), begun)?;
    eprintln!(
        "   {:.0}/s good, p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms, own lag p99 {:.2} ms, errors {:?}",
        report.good_per_second,
        report.answer.p50_ms,
        report.answer.p99_ms,
        report.answer.max_ms,
        report.lag.p99_ms,
        report.errors
    );
    Ok(report)
}

/// Whether a window counts.
pub(crate) fn sound(report: &Report) -> Result<(), Stopped> {
    if report.good_per_second <= 0.0 {
        return Err(format!("no access was answered: {:?}", report.errors).into());
    }
    Ok(())
}

/// A window without any disturbance in which the generator was in time.
fn calm(scale: &Scale, serving: &Serving) -> Result<Report, Stopped> {
    let mut last = window(scale, serving, scale.duration, || {})?;
    for _ in 1..TRIES {
        if !last.void {
            break;
        }
        last = window(scale, serving, scale.duration, || {})?;
    }
    sound(&last)?;
    Ok(last)
}

fn errors(report: &Report) -> f64 {
    (report.errors.values().sum::<u64>() + report.skipped) as f64
}

/// Figures of a phase: before and during, with the generator's own lag in both.
fn compared(phase: &str, before: &Report, during: &[Report]) -> Figures {
    let worst =
        |of: &dyn Fn(&Report) -> f64| during.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let name = |figure: &str| format!("{phase}_{figure}");
    Figures::from([
        (name("p99_before_ms"), before.answer.p99_ms),
        (name("p99_ms"), worst(&|r| r.answer.p99_ms)),
        (name("max_ms"), worst(&|r| r.answer.max_ms)),
        (
            name("errors"),
            during.iter().map(errors).sum::<f64>() + errors(before),
        ),
        (name("lag_p99_ms"), worst(&|r| r.lag.p99_ms)),
        (name("lag_before_p99_ms"), before.lag.p99_ms),
        (
            name("good_per_s"),
            during
                .iter()
                .map(|r| r.good_per_second)
                .fold(f64::INFINITY, f64::min),
        ),
    ])
}

/// Makes the command of a batch that may take a share of the processor.
type Job<'j> = &'j dyn Fn(Option<&Share>) -> Result<Command, Stopped>;

/// An import of the whole night and the build of a second body, both at the lowest priority and of a processor not more than a
/// share, beside the serving node.
pub(crate) fn beside(scale: &Scale) -> Result<Figures, Stopped> {
    let serving = Serving::start(scale)?;
    let before = calm(scale, &serving)?;
    let mut during = Vec::new();
    let mut times = Vec::new();
    // An archive is as good as another: two windows see enough of an import. A build is looked at to its end.
    let import = |share: Option<&Share>| import::again_in_background(scale, share);
    let build = |share: Option<&Share>| {
        let program = child::in_background(&scale.octroi, share);
        let mut build = publish::build_command(program, &scale.dir, publish::SECOND);
        build.arg("--beside");
        Ok(build)
    };
    let jobs: [(Job<'_>, usize); 2] = [(&import, 2), (&build, usize::MAX)];
    let mut bounded = true;
    for (job, most) in jobs {
        let share = Share::make();
        bounded &= share.is_some();
        let (running, job) = background(job(share.as_ref())?);
        // The first accesses must meet the job, not its start.
        during.push(window(scale, &serving, scale.duration, || {})?);
        let mut windows = 1;
        while running.load(Ordering::Relaxed) && windows < most {
            during.push(window(scale, &serving, scale.duration, || {})?);
            windows += 1;
        }
        if let Some(share) = &share {
            share.lift();
        }
        times.push(finished(job)?);
    }
    serving.stop();
    import::remove_again(scale)?;
    let mut all = compared("beside", &before, &during);
    all.insert("beside_windows".to_owned(), during.len() as f64);
    if bounded {
        all.insert("beside_share".to_owned(), BATCH_SHARE);
    } else {
        eprintln!("   no cpu cgroup can be made here: the batch had whatever was left");
    }
    all.insert(
        "beside_import_s".to_owned(),
        times.first().copied().unwrap_or(f64::NAN),
    );
    all.insert(
        "beside_build_s".to_owned(),
        times.last().copied().unwrap_or(f64::NAN),
    );
    Ok(all)
}

/// A program in a thread, and whether it still runs.
fn background(mut command: Command) -> (Arc<AtomicBool>, JoinHandle<Result<f64, String>>) {
    let running = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&running);
    let job = std::thread::spawn(move || {
        let cost = child::run(&mut command).map_err(|error| error.to_string());
        flag.store(false, Ordering::Relaxed);
        cost.map(|cost| cost.wall)
    });
    (running, job)
}

fn finished(job: JoinHandle<Result<f64, String>>) -> Result<f64, Stopped> {
    Ok(job.join().map_err(|_| "a job broke off")??)
}

/// The second body takes the place of the first while people come.
pub(crate) fn swap(scale: &Scale) -> Result<Figures, Stopped> {
    let second = publish::stand_by(scale)?;
    let serving = Serving::start(scale)?;
    // Where the phase ran before, the node begins with the second body, which that run left, and takes the first now.
    in_force(serving.admin(), publish::FIRST)?;
    let before = calm(scale, &serving)?;
    let steady = serving.gib("VmHWM");
    let (begun, told) = std::sync::mpsc::channel();
    let (octroi, dir) = (scale.octroi.clone(), scale.dir.clone());
    let admin = serving.admin().to_owned();
    let activation = std::thread::spawn(move || -> Result<f64, String> {
        told.recv().map_err(|_| "the window did not begin")?;
        std::thread::sleep(Duration::from_secs(1));
        let mut activate = publish::activate_command(&octroi, &dir, &second);
        child::run(&mut activate).map_err(|error| error.to_string())?;
        in_force(&admin, publish::SECOND)
    });
    // A large body is fetched, checked and warmed while people go on coming.
    let long = scale
        .duration
        .max(if scale.people > 1_000_000 { 120 } else { 15 });
    let during = window(scale, &serving, long, || {
        let _ = begun.send(());
    })?;
    let within = activation.is_finished();
    let took = activation
        .join()
        .map_err(|_| "the activation broke off")??;
    if !within {
        return Err(
            format!("the swap took {took:.0} s, longer than the window of {long} s").into(),
        );
    }
    let mut all = compared("swap", &before, &[during]);
    all.extend(figures([
        ("swap_s", took),
        ("swap_steady_hwm_gib", steady),
        ("swap_peak_gib", serving.gib("VmHWM")),
    ]));
    if let (_, Some(peak)) = serving.group_gib() {
        all.insert("swap_peak_cgroup_gib".to_owned(), peak);
    }
    serving.stop();
    Ok(all)
}

/// Waits until a node has the body of a generation in force. Answers how many seconds that took.
fn in_force(admin: &str, wanted: u32) -> Result<f64, String> {
    let start = Instant::now();
    while generation(admin) != Some(wanted.into()) {
        if start.elapsed() > PATIENCE {
            return Err(format!(
                "the node did not take the body of generation {wanted}"
            ));
        }
        std::thread::sleep(ASK);
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Changes while people come: how soon a revocation is met by its person, and what the others notice.
pub(crate) fn overlay(scale: &Scale) -> Result<Figures, Stopped> {
    let serving = Serving::start(scale)?;
    let before = calm(scale, &serving)?;
    let args = args(scale, serving.pid(), scale.duration);
    let place = Place::load(&scale.dir)?;
    // Somebody who is not among the window's people.
    let all = place.visitors(args.mix, args.deliver, false, args.visitors + 50)?;
    let others = all.get(..args.visitors).unwrap_or_default();
    let person = all
        .iter()
        .skip(args.visitors)
        .find(|v| {
            others
                .iter()
                .all(|o| (&o.ident, &o.person) != (&v.ident, &v.person))
        })
        .ok_or("everybody comes in the window")?
        .clone();
    let (begun, told) = std::sync::mpsc::channel();
    let made = scale.clone();
    let changes = std::thread::spawn(move || -> Result<Vec<f64>, String> {
        told.recv().map_err(|_| "the window did not begin")?;
        let result = change_often(&made, &args, place, &person);
        result.map_err(|error| error.to_string())
    });
    let during = window(scale, &serving, scale.duration, || {
        let _ = begun.send(());
    })?;
    let mut seen = changes.join().map_err(|_| "the changes broke off")??;
    serving.stop();
    seen.sort_unstable_by(f64::total_cmp);
    let mut all = compared("overlay", &before, &[during]);
    all.extend(figures([
        (
            "overlay_visible_s",
            seen.last().copied().unwrap_or(f64::NAN),
        ),
        (
            "overlay_visible_median_s",
            seen.get(seen.len() / 2).copied().unwrap_or(f64::NAN),
        ),
        ("overlay_changes", seen.len() as f64),
    ]));
    Ok(all)
}

/// Revokes and restores one person in turn; seconds from each command's start until that person is treated so.
fn change_often(
    scale: &Scale,
    args: &RunArgs,
    place: Place,
    person: &Visitor,
) -> Result<Vec<f64>, Stopped> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let target = Arc::new(target(args, place)?);
    let granted = || -> Result<bool, Stopped> {
        let form = mint(&target.place, person, None, &person.ark)?;
        Ok(runtime
            .block_on(target.unsolicited(person, form, Instant::now()))
            .is_ok())
    };
    if !granted()? {
        return Err("the person to be revoked is not let in beforehand".into());
    }
    let end = Instant::now() + Duration::from_secs(scale.duration);
    let mut seen = Vec::new();
    for number in 0..CHANGES {
        if Instant::now() >= end && number % 2 == 0 {
            break;
        }
        let revoked = number % 2 == 0;
        let start = Instant::now();
        append(scale, revoked, person)?;
        while granted()? == revoked {
            if start.elapsed() > PATIENCE {
                return Err("a change was not met".into());
            }
            std::thread::sleep(ASK);
        }
        seen.push(start.elapsed().as_secs_f64());
    }
    Ok(seen)
}

/// `octroi overlay append`.
fn append(scale: &Scale, revoked: bool, person: &Visitor) -> Result<(), Stopped> {
    let kind = if revoked {
        "person-revoked"
    } else {
        "person-restored"
    };
    let change = serde_json::json!({ "kind": kind, "ent": person.ident, "person": person.person });
    let mut child = Command::new(&scale.octroi)
        .args(["overlay", "append", "--config"])
        .arg(scale.dir.join("octroi.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{change}")?;
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("octroi overlay append: {status}").into())
    }
}
