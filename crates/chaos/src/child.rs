//! The child: opens, recovers, goes on with what waited, makes calls, and dies or ends.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::core::{EffectId, LedgerFilter};
use serde_json::json;

use crate::Failure;
use crate::agent::Agent;
use crate::broken::Fault;
use crate::notebook::Notebook;
use crate::point::{Point, Trap};
use crate::target::Target;
use crate::world::{Opening, World};

/// How many agents work at a time.
const AGENTS: u64 = 4;
/// The page with the ledger as the last child found it.
pub const LEDGER: &str = "ledger";
/// The page with the round and the time of every recovery.
pub const RECOVERED: &str = "recovered";

/// What a child is to do.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a parent says all of it")]
pub struct Orders {
    /// The state directory.
    pub state: PathBuf,
    /// The notebook's folder.
    pub notebook: PathBuf,
    /// Which child it is.
    pub round: u64,
    /// The run's seed.
    pub seed: u64,
    /// How many calls each agent makes.
    pub calls: u64,
    /// How far ahead the child's clock is, in seconds.
    pub ahead: i64,
    /// Where to die, and the how-manieth time.
    pub die: Option<(Point, u32)>,
    /// What is broken on purpose.
    pub fault: Option<Fault>,
}

/// Lives a child's life.
///
/// # Errors
/// If it cannot open or recover, which it has to whatever happened before.
pub async fn run(orders: Orders) -> Result<(), Failure> {
    let (world, notebook) = open(&orders, true).await?;
    let recovery = Box::pin(world.cs.recover()).await?;
    let (committed, released, doubt) =
        (recovery.committed.len(), recovery.released.len(), recovery.in_doubt.len());
    notebook.note(RECOVERED, &format!("{} {committed} {released} {doubt}", orders.round));
    println!("ready");
    let agents = (0..AGENTS).map(|name| {
        let mut agent = Agent::new(&world, &notebook, orders.round, name, orders.seed);
        let calls = orders.calls;
        tokio::spawn(async move {
            if name == 0 {
                agent.after_restart(false).await?;
            }
            for _ in 0..calls {
                agent.call().await?;
            }
            Ok::<(), Failure>(())
        })
    });
    for agent in agents.collect::<Vec<_>>() {
        agent.await??;
    }
    Ok(())
}

/// The last but one: nobody kills it. It ends what can be ended.
///
/// # Errors
/// As [`run`].
pub async fn finish(orders: Orders) -> Result<(), Failure> {
    let (world, notebook) = open(&orders, false).await?;
    let _settled = Box::pin(world.cs.recover()).await?;
    let agent = Agent::new(&world, &notebook, orders.round, 0, orders.seed);
    agent.after_restart(true).await
}

/// The last one: looks up what is in doubt, and writes down what the ledger has.
///
/// # Errors
/// As [`run`].
pub async fn settle(orders: Orders) -> Result<(), Failure> {
    let (world, notebook) = open(&orders, false).await?;
    let _settled = Box::pin(world.cs.recover()).await?;
    let mut after: Option<EffectId> = None;
    loop {
        let page = world.cs.ledger().list(LedgerFilter::All, after, 1000).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.effect_id);
        for entry in &page {
            let call = entry.call.as_ref();
            let line = json!({
                "effect": entry.effect_id.to_string(),
                "state": entry.state.as_str(),
                "code": entry.code,
                "generation": entry.generation,
                "tool": call.map(|call| call.tool.to_string()),
                "approval": call.map(|call| call.approval.to_hex()),
            });
            notebook.note(LEDGER, &line.to_string());
        }
    }
}

async fn open(orders: &Orders, flaky: bool) -> Result<(Arc<World>, Notebook), Failure> {
    let notebook = Notebook::new(&orders.notebook);
    let target = Target::from_env()?;
    let trap = Arc::new(Trap::new(orders.die, notebook.clone()));
    let opening = Opening {
        state: &orders.state,
        notebook: &notebook,
        target: &target,
        trap: &trap,
        fault: orders.fault,
        ahead: orders.ahead,
        flaky,
    };
    Ok((Arc::new(Box::pin(World::open(&opening)).await?), notebook))
}
