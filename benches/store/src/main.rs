//! `store`: durable claims per second with 1, 8, 32 and 128 callers.
//!
//! `store [--quick] <folder>` makes its files in a folder, prints tables on standard error and JSON on
//! standard output. A time is that of a claim: how long a round took, divided by its claims.

mod engines;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_work::random::Random;
use bench_work::report;
use bench_work::sample::{Measured, Results, quantile};
use engines::{Fjall, Ours, Redb};
use stores::{Durable, Grouped, Raw};

/// Callers at a time.
const CALLERS: [usize; 4] = [1, 8, 32, 128];

fn main() -> ExitCode {
    let mut quick = false;
    let mut folder = None;
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "--quick" => quick = true,
            path => folder = Some(path.to_owned()),
        }
    }
    let Some(folder) = folder else {
        eprintln!("store [--quick] <folder>");
        return ExitCode::from(2);
    };
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    // How many rounds, and how long one is.
    let (rounds, length) = if quick { (3, 200) } else { (15, 700) };
    let (groups, figures) = measure(folder.path(), rounds, Duration::from_millis(length));
    println!("{}", report::json(&groups, &figures));
    ExitCode::SUCCESS
}

type Contender = (&'static str, &'static str, Arc<dyn Durable>);

fn measure(folder: &Path, rounds: usize, length: Duration) -> (Vec<Results>, Vec<(String, f64)>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("a runtime");
    let ours = Arc::new(Ours::new(folder));
    let mut keys = 0;
    // How much ours writes for a claim, to have the bare disk write as much.
    let before = ours.0.usage().expect("a store").needed;
    let warm = 1_000;
    runtime.block_on(round(&(Arc::clone(&ours) as Arc<dyn Durable>), 8, warm, &mut keys));
    let record = (ours.0.usage().expect("a store").needed - before) as usize / warm;
    let contenders: [Contender; 4] = [
        ("countersign", "the ledger's claim, of an effect that was not entered", ours),
        ("append + fdatasync", "the bare disk, as many bytes", {
            Arc::new(Grouped::new(Raw::new(folder, record)))
        }),
        ("fjall 3", "insert if absent, SyncData", Arc::new(Grouped::new(Fjall::new(folder)))),
        ("redb 4", "insert if absent, Immediate", Arc::new(Grouped::new(Redb::new(folder)))),
    ];
    let mut figures = vec![("bytes written for a claim".to_owned(), record as f64)];
    let mut groups = Vec::new();
    for callers in CALLERS {
        let mut times = vec![Vec::new(); contenders.len()];
        let mut batch = vec![200; contenders.len()];
        for turn in 0..rounds {
            for at in 0..contenders.len() {
                let at = (at + turn) % contenders.len();
                let claim = &contenders[at].2;
                // As many claims as the time allows, by the round before.
                let start = Instant::now();
                runtime.block_on(round(claim, callers, batch[at], &mut keys));
                let each = start.elapsed().as_nanos() as f64 / batch[at] as f64;
                batch[at] = ((length.as_nanos() as f64 / each) as usize).max(callers);
                // The first is for warming up.
                if turn > 0 {
                    times[at].push(each);
                }
            }
        }
        groups.push(table(callers, &contenders, &times));
        let rate = |at: usize| 1e9 / quantile(&sorted(&times[at]), 0.5);
        for (at, (name, ..)) in contenders.iter().enumerate() {
            figures.push((format!("claims per second, {callers} callers: {name}"), rate(at)));
        }
    }
    for group in &groups {
        report::show(group);
    }
    (groups, figures)
}

/// So many claims, by so many callers, each of which claims again as soon as it has claimed.
async fn round(claim: &Arc<dyn Durable>, callers: usize, claims: usize, keys: &mut u64) {
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (first, share) = (*keys, claims / callers + usize::from(caller < claims % callers));
            *keys += share as u64;
            let claim = Arc::clone(claim);
            tokio::spawn(async move {
                for number in first..first + share as u64 {
                    Arc::clone(&claim).claim(Random::new(number).bytes()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_unstable_by(f64::total_cmp);
    times
}

fn table(callers: usize, contenders: &[Contender], times: &[Vec<f64>]) -> Results {
    let rows = contenders.iter().zip(times).map(|((name, note, _), mine)| {
        let ratios: Vec<f64> = mine.iter().zip(&times[0]).map(|(one, ours)| one / ours).collect();
        let (mine, ratios) = (sorted(mine), sorted(&ratios));
        Measured {
            name: (*name).to_owned(),
            note,
            median: quantile(&mine, 0.5),
            p10: quantile(&mine, 0.1),
            p90: quantile(&mine, 0.9),
            ratio: quantile(&ratios, 0.5),
        }
    });
    Results {
        name: format!("store {callers}"),
        about: format!("a durable claim, {callers} callers at a time"),
        rows: rows.collect(),
    }
}
