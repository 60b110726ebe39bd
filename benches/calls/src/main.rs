//! `calls`: a whole call through the pipeline, beside the bare HTTP request.
//!
//! `calls [--quick] <folder>` keeps its state in a folder, prints tables on standard error and JSON on
//! standard output. A call carries arguments of 4 KiB, has tier C, and is answered at once by a server on
//! loopback in this process; it is judged, sealed, logged and claimed on the disk. The bare request is the
//! same bytes through reqwest, with all switched off that the pipeline does not do. The two take turns.

mod world;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench_work::report;
use bench_work::sample::{Measured, Results, quantile};
use world::World;

/// Callers at a time, where throughput is measured.
const CALLERS: [usize; 3] = [1, 8, 32];

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
        eprintln!("calls [--quick] <folder>");
        return ExitCode::from(2);
    };
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (group, figures) = runtime.block_on(async {
        let world = World::open(folder.path(), false).await;
        let memory = World::open(folder.path(), true).await;
        measure(&world, &memory, folder.path(), if quick { 2_000 } else { 20_000 }).await
    });
    report::show(&group);
    for (name, value) in &figures {
        eprintln!("  {name}: {value:.1}");
    }
    println!("{}", report::json(&[group], &figures));
    ExitCode::SUCCESS
}

/// The contenders, in the order of a round.
const ROWS: [(&str, &str); 4] = [
    ("bare request", "reqwest, a connection each"),
    ("append + fdatasync", "512 bytes into a file of zeros: what a claim waits for"),
    ("whole call, stores in memory", "judged, sealed, logged, claimed"),
    ("whole call", "judged, sealed, logged, claimed on the disk"),
];

/// One after the other, then many at a time.
async fn measure(
    world: &World,
    memory: &World,
    folder: &Path,
    calls: usize,
) -> (Results, Vec<(String, f64)>) {
    let mut times: [Vec<f64>; 4] = Default::default();
    let mut disk = Disk::new(&folder.join("disk"));
    // The first are for warming up.
    for number in 0..calls + 200 {
        for at in 0..ROWS.len() {
            let at = (at + number) % ROWS.len();
            let start = Instant::now();
            match at {
                0 => world.bare().await,
                1 => disk.append(),
                2 => memory.call(number).await,
                _ => world.call(number).await,
            }
            if number >= 200 {
                times[at].push(start.elapsed().as_nanos() as f64);
            }
        }
    }
    let ratio = |own: &[f64]| {
        let ratios: Vec<_> = own.iter().zip(&times[0]).map(|(own, bare)| own / bare).collect();
        quantile(&ratios, 0.5)
    };
    let rows = ROWS.iter().zip(&times).map(|(&(name, note), times)| Measured {
        name: name.to_owned(),
        note,
        median: quantile(times, 0.5),
        p10: quantile(times, 0.1),
        p90: quantile(times, 0.9),
        ratio: ratio(times),
    });
    let rows = rows.collect();
    let mut figures = Vec::new();
    for (name, q) in [("p50", 0.5), ("p99", 0.99)] {
        let over = quantile(&times[3], q) - quantile(&times[0], q);
        figures.push((format!("overhead {name}, ns"), over));
        for ((row, _), times) in ROWS.iter().zip(&times) {
            figures.push((format!("{row} {name}, ns"), quantile(times, q)));
        }
    }
    for callers in CALLERS {
        for (name, through) in [("bare requests", false), ("whole calls", true)] {
            let rate = throughput(world, callers, through, calls / 4).await;
            figures.push((format!("{name} per second, {callers} at a time"), rate));
        }
    }
    let about = "arguments and body of 4 KiB, tier C, embedded store, answered at once on loopback";
    (Results { name: "calls".to_owned(), about: about.to_owned(), rows }, figures)
}

/// The bare disk: the one write that a call waits for.
struct Disk {
    file: File,
    at: u64,
}

impl Disk {
    /// As long as a segment of the store.
    const LENGTH: u64 = 16 << 20;

    fn new(path: &Path) -> Self {
        std::fs::write(path, vec![0; Self::LENGTH as usize]).expect("a file");
        let file = File::options().write(true).open(path).expect("a file");
        file.sync_all().expect("synced");
        Self { file, at: 0 }
    }

    fn append(&mut self) {
        self.file.write_all_at(&[1; 512], self.at).expect("written");
        self.file.sync_data().expect("synced");
        self.at = (self.at + 512) % Self::LENGTH;
    }
}

/// How many end in a second with so many at a time.
async fn throughput(world: &World, callers: usize, through: bool, calls: usize) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let world = world.clone();
            tokio::spawn(async move {
                for number in 0..calls / callers {
                    if through {
                        // Sessions of their own, each of which makes few calls.
                        world.call(1_000_000 * (caller + 1) + number + callers * 100_000).await;
                    } else {
                        world.bare().await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a caller");
    }
    let took = start.elapsed().max(Duration::from_nanos(1));
    (calls / callers * callers) as f64 / took.as_secs_f64()
}
