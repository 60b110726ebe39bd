//! The interleaved sampler.
//!
//! Every contender of a group is sampled once per round, in an order that rotates, so that a machine
//! that slows down slows all of them. A ratio is taken within each round, and the median of those is
//! reported.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Rounds, of which the median is taken.
    pub rounds: usize,
    /// Shortest sample.
    pub sample: Duration,
}

impl Effort {
    /// For numbers that are published.
    pub const FULL: Self = Self { rounds: 25, sample: Duration::from_millis(3) };
    /// For a first look.
    pub const QUICK: Self = Self { rounds: 9, sample: Duration::from_millis(2) };
}

/// Most operations in one sample: each may keep its input and its output in memory.
const MOST: u64 = 50_000;

/// Something that can be timed: given a number, it does the operation so often and says how long that
/// took.
pub struct Contender<'a> {
    name: String,
    note: &'static str,
    sample: Box<dyn FnMut(u64) -> Duration + 'a>,
}

/// Contenders that do the same to the same input. The first is the one the others are compared with.
pub struct Group<'a> {
    name: String,
    about: String,
    contenders: Vec<Contender<'a>>,
}

/// What was measured of one contender, in nanoseconds for one operation.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The contender.
    pub name: String,
    /// What it does not do, or does besides.
    pub note: &'static str,
    /// Median of the rounds.
    pub median: f64,
    /// A tenth of the rounds were faster.
    pub p10: f64,
    /// A tenth of the rounds were slower.
    pub p90: f64,
    /// Median over the rounds of this time divided by the first contender's.
    pub ratio: f64,
}

/// What was measured of a group.
#[derive(Debug, Clone)]
pub struct Results {
    /// The group.
    pub name: String,
    /// What it does.
    pub about: String,
    /// Its contenders, in order.
    pub rows: Vec<Measured>,
}

impl<'a> Group<'a> {
    /// A group without contenders.
    pub fn new(name: impl Into<String>, about: impl Into<String>) -> Self {
        Self { name: name.into(), about: about.into(), contenders: Vec::new() }
    }

    /// Adds an operation that can be done again and again.
    pub fn repeat<R>(
        &mut self,
        name: impl Into<String>,
        note: &'static str,
        mut operation: impl FnMut() -> R + 'a,
    ) {
        self.timed(name, note, move |count| {
            let start = Instant::now();
            for _ in 0..count {
                black_box(operation());
            }
            start.elapsed()
        });
    }

    /// Adds an operation that uses an input up. Inputs are made before a sample, and outputs are
    /// dropped after it, outside the measured time.
    pub fn each<I, R>(
        &mut self,
        name: impl Into<String>,
        note: &'static str,
        mut input: impl FnMut() -> I + 'a,
        mut operation: impl FnMut(I) -> R + 'a,
    ) {
        self.timed(name, note, move |count| {
            let inputs: Vec<_> = (0..count).map(|_| input()).collect();
            let mut outputs = Vec::with_capacity(inputs.len());
            let start = Instant::now();
            for input in inputs {
                outputs.push(operation(black_box(input)));
            }
            let took = start.elapsed();
            black_box(&outputs);
            took
        });
    }

    /// Adds an operation that takes the time itself.
    pub fn timed(
        &mut self,
        name: impl Into<String>,
        note: &'static str,
        sample: impl FnMut(u64) -> Duration + 'a,
    ) {
        self.contenders.push(Contender { name: name.into(), note, sample: Box::new(sample) });
    }

    /// Measures.
    pub fn run(mut self, effort: Effort) -> Results {
        let counts: Vec<_> = self
            .contenders
            .iter_mut()
            .map(|contender| contender.calibrate(effort.sample))
            .collect();
        let contenders = counts.len();
        let mut times = vec![Vec::with_capacity(effort.rounds); contenders];
        for round in 0..effort.rounds {
            for place in 0..contenders {
                let at = (round + place) % contenders;
                let took = (self.contenders[at].sample)(counts[at]);
                times[at].push(took.as_nanos() as f64 / counts[at] as f64);
            }
        }
        let first = times[0].clone();
        let rows = self.contenders.iter().zip(&times).map(|(contender, times)| {
            let ratios: Vec<_> = times.iter().zip(&first).map(|(own, first)| own / first).collect();
            Measured {
                name: contender.name.clone(),
                note: contender.note,
                median: quantile(times, 0.5),
                p10: quantile(times, 0.1),
                p90: quantile(times, 0.9),
                ratio: quantile(&ratios, 0.5),
            }
        });
        Results { rows: rows.collect(), name: self.name, about: self.about }
    }
}

impl Contender<'_> {
    /// How often the operation must be done for a sample to be long enough.
    fn calibrate(&mut self, sample: Duration) -> u64 {
        let mut count = 4;
        loop {
            let took = (self.sample)(count).max(Duration::from_nanos(1));
            if took >= sample / 4 || count >= MOST {
                let needed = count as f64 * sample.as_secs_f64() / took.as_secs_f64();
                // A little more, so that no sample is shorter than asked for.
                return ((needed * 1.2).ceil() as u64).clamp(1, MOST);
            }
            count = (count * 4).min(MOST);
        }
    }
}

/// A quantile of some numbers.
pub fn quantile(numbers: &[f64], q: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (q * (sorted.len() - 1) as f64).round() as usize;
    sorted[at]
}
