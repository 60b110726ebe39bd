//! `cargo xtask bench`: builds and runs what is in `benches/`, and writes down what it found.

mod calls;
mod chart;
pub(crate) mod counts;
mod ending;
mod lock;
mod page;
pub(crate) mod programs;
mod results;
mod risk;
mod store;
mod targets;

use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::json;

use crate::{
    options::{BenchOptions, What},
    process,
    project::Project,
    report::{Stop, say},
};
use counts::Counts;
use programs::{AVX512, Build, DEFAULT, FOLDER};
use results::Results;

/// Processes that each measuring program is run in: Ed25519 differs from one to the next.
const PROCESSES: usize = 3;

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) conditions: Vec<(&'static str, String)>,
    pub(crate) default: Results,
    pub(crate) avx512: Option<Results>,
    pub(crate) counts: Option<Counts>,
}

impl Report {
    /// The builds that were measured, with their names.
    pub(crate) fn builds(&self) -> impl Iterator<Item = (&'static str, &Results)> {
        let avx512 = self.avx512.as_ref().map(|results| (AVX512.name, results));
        std::iter::once((DEFAULT.name, &self.default)).chain(avx512)
    }
}

pub(crate) fn run(project: &Project, options: &BenchOptions) -> ExitCode {
    let result = match options.what {
        What::All => everything(project, options).map_err(Stop::from),
        What::Calls => calls::run(project, options).map_err(Stop::from),
        What::Store => store::run(project, options).map_err(Stop::from),
        What::Risk => risk::run(project, options).map_err(Stop::from),
        What::Counts => counts::step(project),
        What::RecordCounts => counts::record(project),
    };
    match result {
        Ok(note) => {
            say(&note);
            ExitCode::SUCCESS
        }
        Err(Stop::Skipped(reason)) => {
            say(&format!("left out: {reason}"));
            ExitCode::SUCCESS
        }
        Err(Stop::Failed(findings)) => {
            for finding in findings {
                say(&format!("  - {finding}"));
            }
            ExitCode::FAILURE
        }
    }
}

/// The kernel, the store, the risk engine and whole calls, each with its page.
fn everything(project: &Project, options: &BenchOptions) -> Result<String, String> {
    let kernel = measure(project, options)?;
    say(&kernel);
    let store = store::run(project, options)?;
    say(&store);
    let risk = risk::run(project, options)?;
    say(&risk);
    calls::run(project, options)
}

fn measure(project: &Project, options: &BenchOptions) -> Result<String, String> {
    let mut report = Report { conditions: conditions(project)?, ..Report::default() };
    let mut left_out = Vec::new();
    let folder = project.root.join(FOLDER);
    let inputs = folder.join("inputs");

    // Everything is built before anything is measured: a busy machine measures badly.
    let builds = if cfg!(target_arch = "x86_64") { &[DEFAULT, AVX512][..] } else { &[DEFAULT] };
    for build in builds {
        programs::build(project, *build, "countersign-benches")?;
        programs::build(project, *build, "tokens")?;
    }
    let programs = folder.join(DEFAULT.name).join("release");
    process::run(project.command(programs.join("bench")).arg("--export").arg(&inputs))?;
    let mut peers = Vec::new();
    for peer in [programs::python(project, &inputs), programs::node(project, &inputs)] {
        match peer {
            Ok(command) => peers.push(command),
            Err(Stop::Skipped(reason)) => left_out.push(reason),
            Err(Stop::Failed(findings)) => return Err(findings.join("; ")),
        }
    }

    report.default = programs_of(project, options, DEFAULT, "canon,gate,refusals")?;
    if builds.contains(&AVX512) {
        report.avx512 = Some(programs_of(project, options, AVX512, "gate,refusals")?);
    }
    for mut peer in peers {
        let theirs = one(&mut peer, options)?;
        if let Some(version) = &theirs.version {
            report.conditions.push(("peer", version.clone()));
        }
        for results in std::iter::once(&mut report.default).chain(&mut report.avx512) {
            results.join(&theirs);
        }
    }
    let guard = ["--only", "guard,pauses"];
    let guard = one(project.command(programs.join("bench")).args(guard), options)?;
    report.default.extend(guard);
    let memory = process::output(&mut project.command(programs.join("memory")))?;
    report.default.extend(Results::parse(&memory)?);
    report.counts = counts::if_possible(project)?;
    if !left_out.is_empty() {
        report.conditions.push(("left out", left_out.join("; ")));
    }
    write(project, options, &report)
}

/// The timed groups of one build, from several processes.
fn programs_of(
    project: &Project,
    options: &BenchOptions,
    build: Build,
    only: &str,
) -> Result<Results, String> {
    let programs = project.root.join(FOLDER).join(build.name).join("release");
    let merged = |program: &str, args: &[&str]| {
        let runs = (0..if options.quick { 1 } else { PROCESSES })
            .map(|_| one(project.command(programs.join(program)).args(args), options))
            .collect::<Result<Vec<_>, _>>()?;
        Results::merged(&runs).ok_or_else(|| format!("{program}: nothing was measured"))
    };
    let mut results = merged("bench", &["--only", only])?;
    results.extend(merged("tokens", &[])?);
    Ok(results)
}

fn one(command: &mut Command, options: &BenchOptions) -> Result<Results, String> {
    if options.quick {
        command.arg("--quick");
    }
    Results::parse(&process::output(command)?)
}

fn conditions(project: &Project) -> Result<Vec<(&'static str, String)>, String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
        value.unwrap_or("unknown").to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let flags = field("flags");
    let has = |flag: &str| flags.split(' ').any(|one| one == flag);
    let known = ["sha_ni", "avx2", "avx512ifma"].into_iter().filter(|flag| has(flag));
    let processor = format!(
        "{}, family {}, model {}, {cores} cores, {}",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        known.collect::<Vec<_>>().join(" ")
    );
    let text = |program: &str, args: &[&str]| -> Result<String, String> {
        Ok(process::output(project.command(program).args(args))?.trim().to_owned())
    };
    let commit = text("git", &["rev-parse", "--short", "HEAD"])?;
    let changed = !text("git", &["status", "--porcelain", "--", "crates", "benches"])?.is_empty();
    let commit = if changed { format!("{commit}, with changes") } else { commit };
    Ok(vec![
        ("processor", processor),
        ("system", text("uname", &["-sr"])?),
        ("compiler", text("rustc", &["-V"])?),
        ("commit", commit),
    ])
}

/// A quick look is not published: it goes beside the build's other files.
fn write(project: &Project, options: &BenchOptions, report: &Report) -> Result<String, String> {
    let folder = project.root.join(if options.quick { FOLDER } else { "docs" });
    let put = |path: &Path, text: &str| {
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    let page = folder.join("benchmarks.md");
    put(&page, &page::markdown(report))?;
    put(&folder.join("benchmarks.svg"), &chart::svg(report))?;
    let builds = report.builds().map(|(name, results)| (name.to_owned(), results.to_json()));
    let all = json!({
        "conditions": report.conditions,
        "builds": builds.collect::<serde_json::Map<_, _>>(),
        "counts": report.counts,
    });
    let text = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
    put(&project.root.join(FOLDER).join("results.json"), &text)?;
    if options.json {
        say(&text);
    }
    let targets = targets::all(report);
    say("");
    for target in &targets {
        let met = if target.met { "met   " } else { "MISSED" };
        say(&format!("{met}  {}: {} ({})", target.about, target.measured, target.wanted));
    }
    let missed = targets.iter().filter(|target| !target.met).count();
    let met = targets.len() - missed;
    Ok(format!("\n{met} targets met, {missed} missed; written to {}", project.relative(&page)))
}
