//! The parent: plans the kills, starts children one after the other, and draws up the account.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::Failure;
use crate::books;
use crate::child::Orders;
use crate::notebook::Notebook;
use crate::options::Options;
use crate::point::Point;
use crate::random::Random;
use crate::report::Report;
use crate::target::{Target, VARIABLE};

/// How many calls each agent of a child makes before the child ends by itself.
const CALLS: u64 = 6;
/// How many seconds pass between one child and the next, by the children's clock, at most; and how many
/// in all, at most. What has ended is forgotten after two hours, and what is pending after one.
const PAUSE: u64 = 10;
const ALL_PAUSES: u64 = 4_000;
/// How many pass before the last two: by then a request that was lost is no longer on its way, so that
/// every doubt can be decided.
const LATER: i64 = 180;
/// No child lives longer than this.
const LIFE: Duration = Duration::from_secs(60);
/// How often a point that was not reached is tried.
const TRIES: u32 = 4;
/// What a kill that the parent gave out of its own is called.
pub(crate) const AT_RANDOM: &str = "at a random time";

/// One kill that is planned.
#[derive(Debug, Clone, Copy)]
enum Kill {
    At(Point, u32),
    /// So long after the child was started, or after it was ready.
    After(Duration, Phase),
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Start,
    Ready,
}

/// What became of a child.
enum End {
    Killed,
    Done,
}

/// The provider in its process.
#[derive(Debug)]
pub struct Provider {
    _process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Provider {
    /// Starts it, and says where it is.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start() -> Result<(Self, Target), Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("provider")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let orders = process.stdin.take().ok_or("the provider's input")?;
        let answers = process.stdout.take().ok_or("the provider's output")?;
        let answers = BufReader::new(answers).lines();
        let mut provider = Self { _process: process, orders, answers };
        let target = Target::from_value(&provider.answer().await?)?;
        Ok((provider, target))
    }

    async fn answer(&mut self) -> Result<serde_json::Value, Failure> {
        let line = timeout(LIFE, self.answers.next_line()).await??;
        Ok(serde_json::from_str(&line.ok_or("the provider is gone")?)?)
    }

    /// Gives an order and returns the answer.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn order(&mut self, order: &str) -> Result<serde_json::Value, Failure> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        self.orders.flush().await?;
        self.answer().await
    }
}

/// Runs everything and reports.
///
/// # Errors
/// If the run could not be made: a child that does not open or recover is such a case.
pub async fn run(options: &Options) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state");
    let pages = folder.path().join("notebook");
    std::fs::create_dir(&pages)?;
    std::fs::DirBuilder::new().mode(0o700).create(&state)?;
    let notebook = Notebook::new(&pages);
    let (mut provider, target) = if let Some(url) = &options.provider {
        (None, Target::of_url(url, &options.token)?)
    } else {
        let (provider, target) = Provider::start().await?;
        (Some(provider), target)
    };
    let stranger = provider.is_none();
    let mut orders = Orders {
        state: state.clone(),
        notebook: pages.clone(),
        round: 0,
        seed: options.seed,
        calls: CALLS,
        ahead: 0,
        die: None,
        fault: options.fault,
    };
    let before = match &provider {
        Some(_) => None,
        None => Some(books::events(&target).await?),
    };
    let kills = kill_all(options, &target, &mut orders, &notebook).await?;
    orders.die = None;
    for last in ["finish", "settle"] {
        orders.round += 1;
        orders.ahead += LATER;
        let ended = spawn(last, &orders, &target)?.wait_with_output().await?;
        if !ended.status.success() {
            return Err(failed(&format!("the child that is to {last}"), &ended.stderr));
        }
    }
    let arrived = match (&mut provider, &before) {
        (Some(provider), _) => {
            let report = provider.order("report").await?;
            crate::provider::read_report(&report).ok_or("the provider's report")?
        }
        (None, before) => books::arrived(&target, before.as_ref()).await?,
    };
    let books = books::read(&notebook, &state.join("audit.jsonl"), arrived)?;
    let account = books.account();
    let report = Report::new(kills, &books, account, began.elapsed(), stranger);
    if let Some(kept) = std::env::var_os("COUNTERSIGN_CHAOS_KEEP") {
        copy(folder.path(), Path::new(&kept))?;
    }
    Ok(report.show(options))
}

/// The kills in their order: each point as often as the others, and for about a third of them any time.
fn plan(options: &Options) -> Vec<Kill> {
    let mut random = Random::new(options.seed);
    let mut points: Vec<Point> = Point::all().collect();
    let mut kills: Vec<Kill> = Vec::new();
    let many = usize::try_from(options.kills).unwrap_or(usize::MAX);
    let mut targeted = many * 2 / 3;
    if many >= points.len() {
        targeted = targeted.max(points.len());
    }
    while kills.len() < targeted {
        // The first time around, the first passing; later any of the first ones.
        let first = kills.len() < points.len();
        random.shuffle(&mut points);
        for point in points.iter().take(targeted - kills.len()).copied() {
            let times = if first { 1 } else { random.below(6) + 1 };
            kills.push(Kill::At(point, u32::try_from(times).unwrap_or(1)));
        }
    }
    while kills.len() < many {
        let after = Duration::from_micros(random.below(150_000));
        let phase = if random.below(3) == 0 { Phase::Start } else { Phase::Ready };
        kills.push(Kill::After(after, phase));
    }
    random.shuffle(&mut kills);
    kills
}

/// Starts children until every planned kill was given out. Says how often at which point.
async fn kill_all(
    options: &Options,
    target: &Target,
    orders: &mut Orders,
    notebook: &Notebook,
) -> Result<BTreeMap<String, u64>, Failure> {
    let mut kills: BTreeMap<String, u64> = Point::all().map(|p| (p.to_string(), 0)).collect();
    kills.insert(AT_RANDOM.to_owned(), 0);
    let mut random = Random::new(options.seed.wrapping_add(1));
    // One that nobody kills, so that there is something to go on with.
    match live(orders, target, Kill::After(LIFE, Phase::Start)).await? {
        End::Done => {}
        End::Killed => return Err("a child that nobody killed was killed".into()),
    }
    let pause = ALL_PAUSES.checked_div(options.kills).unwrap_or(PAUSE).min(PAUSE);
    for kill in plan(options) {
        let mut kill = kill;
        for attempt in 1..=TRIES {
            orders.round += 1;
            orders.ahead = orders.ahead.saturating_add_unsigned(pause);
            orders.die = match kill {
                Kill::At(point, times) => Some((point, times)),
                Kill::After(..) => None,
            };
            match live(orders, target, kill).await? {
                End::Killed => {
                    let name = match kill {
                        Kill::At(point, _) => point.to_string(),
                        Kill::After(..) => AT_RANDOM.to_owned(),
                    };
                    *kills.entry(name).or_default() += 1;
                    break;
                }
                // It ended before: sooner, then.
                End::Done if attempt + 1 < TRIES => {
                    kill = match kill {
                        Kill::At(point, _) => Kill::At(point, 1),
                        Kill::After(after, phase) => Kill::After(after / 4, phase),
                    };
                }
                // This point is hard to reach; a kill it is all the same.
                End::Done => {
                    let after = Duration::from_micros(random.below(20_000));
                    kill = Kill::After(after, Phase::Ready);
                }
            }
        }
    }
    let noted = notebook.lines("killed")?.len() as u64;
    let counted: u64 = kills.iter().filter(|(at, _)| *at != AT_RANDOM).map(|(_, n)| n).sum();
    if noted != counted {
        return Err(format!("{counted} kills at points were counted and {noted} noted").into());
    }
    Ok(kills)
}

fn spawn(role: &str, orders: &Orders, target: &Target) -> Result<Child, Failure> {
    let child = Command::new(std::env::current_exe()?)
        .arg(role)
        .args(orders.to_args())
        .env(VARIABLE, target.to_value().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

/// One child, from its start to its end.
async fn live(orders: &Orders, target: &Target, kill: Kill) -> Result<End, Failure> {
    let mut child = spawn("child", orders, target)?;
    if let Kill::After(after, phase) = kill {
        if matches!(phase, Phase::Ready) {
            let output = child.stdout.take().ok_or("the child's output")?;
            // An end without the word is looked at below.
            let _ready = timeout(LIFE, BufReader::new(output).lines().next_line()).await??;
        }
        if timeout(after, child.wait()).await.is_err() {
            child.start_kill()?;
        }
    }
    let ended = timeout(LIFE, child.wait_with_output()).await;
    let ended = ended.map_err(|_| format!("a child hung: {:?}", orders.to_args()))??;
    if killed(ended.status) {
        return Ok(End::Killed);
    }
    if ended.status.success() {
        return Ok(End::Done);
    }
    Err(failed(&format!("child {}", orders.round), &ended.stderr))
}

fn killed(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal() == Some(9)
}

fn failed(who: &str, stderr: &[u8]) -> Failure {
    format!("{who} failed: {}", String::from_utf8_lossy(stderr).trim()).into()
}

/// Keeps the folder of a run for whoever looks for the reason of a finding.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let to = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            std::fs::copy(&path, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_has_as_many_kills_as_asked_for_and_every_point() {
        for kills in [60, 500] {
            let plan = plan(&Options { kills, ..Options::default() });
            assert_eq!(plan.len() as u64, kills);
            for point in Point::all() {
                let at = |kill: &Kill| matches!(kill, Kill::At(p, _) if *p == point);
                assert!(plan.iter().any(at), "{point}");
            }
            assert!(plan.iter().any(|kill| matches!(kill, Kill::After(..))));
        }
    }
}
