//! The soak: one process works for a long time, and must not grow.
//!
//! Its clock runs faster than the machine's, so that a day passes: what is kept for two hours is
//! forgotten again and again, tokens and tickets expire, and the store is compacted.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign::core::{
    ApprovalRequest, Approver, Clock, Ending, Tier, Timestamp, ToolCall, Verdict,
};
use countersign::{Authorization, Error, SystemClock};
use serde_json::json;

use crate::Failure;
use crate::parent::Provider;
use crate::random::Random;
use crate::world::World;

/// How much time passes for countersign, in seconds.
const SPAN: u64 = 86_400;
/// Agents that work at a time.
const AGENTS: u64 = 4;
/// Sessions that take turns, of each kind: so few that what each remembers has come to its bounds before
/// the comparison begins (what a session did is kept for thirty days).
const SESSIONS: u64 = 20;
/// Samples that are taken.
const SAMPLES: u32 = 60;

/// May be later, beside what is early: so many hundredths, and so much besides.
struct Bound {
    name: &'static str,
    unit: &'static str,
    hundredths: f64,
    besides: f64,
    of: fn(&Sample) -> f64,
}

const BOUNDS: [Bound; 5] = [
    Bound { name: "memory", unit: "MiB", hundredths: 10.0, besides: 8.0, of: |s| s.memory },
    Bound { name: "open files", unit: "", hundredths: 0.0, besides: 4.0, of: |s| s.files },
    Bound { name: "store on disk", unit: "MiB", hundredths: 0.0, besides: 32.0, of: |s| s.store },
    Bound { name: "a read, p50", unit: "µs", hundredths: 30.0, besides: 200.0, of: |s| s.p50 },
    Bound { name: "a read, p99", unit: "µs", hundredths: 100.0, besides: 2_000.0, of: |s| s.p99 },
];

/// What is seen at one time.
#[derive(Debug, Clone, Copy)]
struct Sample {
    second: u64,
    calls: u64,
    memory: f64,
    files: f64,
    store: f64,
    log: f64,
    p50: f64,
    p99: f64,
}

/// A clock that runs faster.
#[derive(Debug)]
struct Fast {
    began: Instant,
    from: Timestamp,
    factor: u64,
}

impl Clock for Fast {
    fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let millis = i64::try_from(passed.saturating_mul(self.factor)).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.from.millis().saturating_add(millis))
    }
}

/// Approves: most at once, every fourth when it is looked at again.
#[derive(Debug)]
struct Yes;

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Approver for Yes {
    fn name(&self) -> &'static str {
        "yes"
    }

    fn strength(&self) -> Tier {
        Tier::B
    }

    async fn ask(&self, request: &ApprovalRequest, now: Timestamp) -> Verdict {
        if request.digest.as_bytes().first().is_some_and(|byte| byte.is_multiple_of(4)) {
            return Verdict::Pending(request.digest.to_hex());
        }
        Verdict::Approved(Box::new(request.consent("soak", now)))
    }

    async fn poll(&self, request: &ApprovalRequest, _: &str, now: Timestamp) -> Verdict {
        Verdict::Approved(Box::new(request.consent("soak", now)))
    }
}

/// What the agents tell.
#[derive(Debug, Default)]
struct Heard {
    reads: Vec<Duration>,
    calls: u64,
    refused: u64,
    wrong: Vec<String>,
}

type Shared = Arc<Mutex<Heard>>;

fn hear(heard: &Shared, change: impl FnOnce(&mut Heard)) {
    change(&mut heard.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Runs for so many seconds and reports.
///
/// # Errors
/// If it could not be run.
pub async fn run(seconds: u64, json: bool) -> Result<ExitCode, Failure> {
    let seconds = seconds.max(30);
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state");
    std::fs::create_dir(&state)?;
    let (mut provider, target) = Provider::start().await?;
    let factor = SPAN.div_ceil(seconds);
    let clock: Arc<dyn Clock> =
        Arc::new(Fast { began: Instant::now(), from: SystemClock::default().now(), factor });
    let world = Arc::new(Box::pin(World::plain(&state, &target, clock, Yes)).await?);
    let (heard, stop) = (Shared::default(), Arc::new(AtomicBool::new(false)));
    let agents: Vec<_> = (0..AGENTS)
        .map(|name| {
            let (world, heard, stop) = (Arc::clone(&world), Arc::clone(&heard), Arc::clone(&stop));
            tokio::spawn(async move { work(name, &world, &heard, &stop).await })
        })
        .collect();
    let began = Instant::now();
    let each = Duration::from_secs(seconds) / SAMPLES;
    let mut samples = Vec::new();
    for number in 1..=SAMPLES {
        let until = each * number;
        // The provider must not be what grows.
        while began.elapsed() < until {
            let left = until.saturating_sub(began.elapsed());
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
            let _forgotten = provider.order("forget").await?;
        }
        let mut taken = Heard::default();
        hear(&heard, |heard| {
            taken.reads = std::mem::take(&mut heard.reads);
            taken.calls = heard.calls;
        });
        let sample = look(&state, began.elapsed().as_secs(), taken)?;
        if !json {
            show(&sample, number == 1);
        }
        samples.push(sample);
    }
    stop.store(true, Ordering::SeqCst);
    for agent in agents {
        agent.await??;
    }
    let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(judge(&samples, &heard, factor, json))
}

async fn work(name: u64, world: &World, heard: &Shared, stop: &AtomicBool) -> Result<(), Failure> {
    let mut random = Random::new(name);
    let mut turn = name * SESSIONS / AGENTS;
    let list = json!({ "time_min": "2027-03-02T00:00:00Z", "max_results": 2 }).to_string();
    let list = ToolCall::from_json("google_calendar_list_events", list)?;
    while !stop.load(Ordering::SeqCst) {
        turn = (turn + 1) % SESSIONS;
        // What was read does not raise the tier of what is made in another session.
        let reads = random.below(2) == 0;
        let me = world.caller(&format!("{}{turn}", if reads { "r" } else { "w" }))?;
        let began = Instant::now();
        let ended = if reads {
            Box::pin(world.cs.run(&me, &list)).await
        } else {
            let event = json!({
                "summary": format!("event {turn}"),
                "start": { "date": "2027-03-02" }, "end": { "date": "2027-03-03" },
            });
            let call = ToolCall::from_json("google_calendar_create_event", event.to_string())?;
            match Box::pin(world.cs.run(&me, &call)).await {
                Err(Error::Interrupted(handle)) => {
                    match Box::pin(world.cs.resume(&me, &handle)).await {
                        Ok(Authorization::Permitted(sealed)) => {
                            Box::pin(world.cs.execute(&me, *sealed)).await
                        }
                        Ok(Authorization::Refused(no)) => Err(no.into()),
                        Ok(Authorization::Pending(handle)) => Err(Error::Interrupted(handle)),
                        Err(error) => Err(error),
                    }
                }
                other => other,
            }
        };
        let took = began.elapsed();
        hear(heard, |heard| {
            heard.calls += 1;
            match ended {
                Ok(done) if done.ending == Ending::Committed => {
                    if reads {
                        heard.reads.push(took);
                    }
                }
                // A ticket that lives for five minutes of the fast clock can grow too old.
                Ok(done) if done.code == Some("expired") => heard.refused += 1,
                Ok(done) => heard.wrong.push(format!("{:?} {:?}", done.ending, done.code)),
                Err(error) if error.code() == "expired" => heard.refused += 1,
                Err(error) => heard.wrong.push(error.code().to_owned()),
            }
        });
    }
    Ok(())
}

/// Looks at this very process.
fn look(state: &Path, second: u64, heard: Heard) -> Result<Sample, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|text| text.split_whitespace().next()).ok_or("no VmRSS")?;
    let kib: f64 = resident.parse()?;
    let mut reads = heard.reads;
    reads.sort_unstable();
    let quantile = |of_hundred: usize| {
        let at = (reads.len().saturating_sub(1)) * of_hundred / 100;
        reads.get(at).map_or(0.0, |took| took.as_secs_f64() * 1e6)
    };
    Ok(Sample {
        second,
        calls: heard.calls,
        memory: kib / 1024.0,
        files: number(std::fs::read_dir("/proc/self/fd")?.count() as u64),
        store: mebibytes(&state.join("store"))?,
        log: number(std::fs::metadata(state.join("audit.jsonl"))?.len()) / f64::from(1 << 20),
        p50: quantile(50),
        p99: quantile(99),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are printed, not computed with")]
fn number(count: u64) -> f64 {
    count as f64
}

fn mebibytes(folder: &Path) -> Result<f64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        // A segment may be deleted between the two.
        bytes += entry?.metadata().map_or(0, |file| file.len());
    }
    Ok(number(bytes) / f64::from(1 << 20))
}

fn show(sample: &Sample, first: bool) {
    if first {
        println!(
            "{:>7} {:>9} {:>11} {:>6} {:>10} {:>9} {:>9} {:>9}",
            "second", "calls", "memory MiB", "files", "store MiB", "log MiB", "p50 µs", "p99 µs"
        );
    }
    println!(
        "{:>7} {:>9} {:>11.1} {:>6} {:>10.1} {:>9.1} {:>9.0} {:>9.0}",
        sample.second,
        sample.calls,
        sample.memory,
        sample.files,
        sample.store,
        sample.log,
        sample.p50,
        sample.p99
    );
}

/// The first third without the two hours in which nothing is forgotten yet, and the last third.
fn thirds(samples: &[Sample]) -> (&[Sample], &[Sample]) {
    let third = samples.len() / 3;
    // Two hours of a day, and one more.
    let begin = samples.len() / 8;
    let early = samples.get(begin..third.max(begin)).unwrap_or_default();
    let late = samples.get(samples.len().saturating_sub(third)..).unwrap_or_default();
    (early, late)
}

fn median(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn judge(samples: &[Sample], heard: &Heard, factor: u64, json: bool) -> ExitCode {
    let (early, late) = thirds(samples);
    let mut grown = Vec::new();
    let mut rows = serde_json::Map::new();
    if !json {
        println!(
            "\n{:<16} {:>12} {:>12} {:>12}",
            "median of", "first third", "last third", "at most"
        );
    }
    for bound in &BOUNDS {
        let (before, after) = (median(early, bound.of), median(late, bound.of));
        let most = before * (1.0 + bound.hundredths / 100.0) + bound.besides;
        // What is no number is no proof either.
        if after.is_nan() || most.is_nan() || after > most {
            grown.push(bound.name);
        }
        rows.insert(bound.name.to_owned(), json!([before, after, most]));
        if !json {
            let Bound { name, unit, .. } = bound;
            println!("{name:<16} {before:>12.1} {after:>12.1} {most:>12.1} {unit}");
        }
    }
    let mut wrong = heard.wrong.clone();
    wrong.sort();
    wrong.dedup();
    if json {
        let object = json!({
            "calls": heard.calls, "too_old": heard.refused, "wrong": wrong, "grown": grown,
            "series": rows, "clock": factor,
        });
        println!("{object}");
    } else {
        println!(
            "\n{} calls, the clock {factor} times as fast; {} tickets grew too old",
            heard.calls, heard.refused
        );
        for line in wrong.iter().take(10) {
            println!("  - {line}");
        }
        if !grown.is_empty() {
            println!("grown: {}", grown.join(", "));
        }
    }
    let sound = grown.is_empty() && wrong.is_empty() && heard.calls > 0;
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(memory: impl Fn(u64) -> f64) -> Vec<Sample> {
        let sample = |second| Sample {
            second,
            calls: second,
            memory: memory(second),
            files: 20.0,
            store: 32.0,
            log: 1.0,
            p50: 900.0,
            p99: 2_000.0,
        };
        (0..60).map(sample).collect()
    }

    fn judged(samples: &[Sample]) -> ExitCode {
        judge(samples, &Heard { calls: 1, ..Heard::default() }, 1, true)
    }

    #[test]
    fn what_stays_is_sound_and_what_grows_is_not() {
        assert_eq!(judged(&samples(|_| 40.0)), ExitCode::SUCCESS);
        assert_eq!(judged(&samples(|second| 40.0 + number(second))), ExitCode::FAILURE);
        // What fills up at the start and then stays is no growth.
        assert_eq!(
            judged(&samples(|second| if second < 7 { 10.0 } else { 40.0 })),
            ExitCode::SUCCESS
        );
    }

    #[test]
    fn a_run_in_which_nothing_was_done_or_something_failed_is_not_sound() {
        let all = samples(|_| 40.0);
        assert_eq!(judge(&all, &Heard::default(), 1, true), ExitCode::FAILURE);
        let wrong = Heard { calls: 9, wrong: vec!["unknown".to_owned()], ..Heard::default() };
        assert_eq!(judge(&all, &wrong, 1, true), ExitCode::FAILURE);
        assert_eq!(judged(&[]), ExitCode::FAILURE);
    }
}
