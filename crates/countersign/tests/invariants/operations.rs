//! What `docs/operations.md` says of backup, restoring, moving and the clock, tried.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign::core::EffectId;
use countersign::prelude::*;
use countersign::ticket::{Epochs, Freeze};
use countersign::{OpenError, PipelineBuilder};
use tempfile::TempDir;

use crate::harness::{World, create, create_with, list, refused, sealed};
use crate::pending::{later, pending};

/// Copies a directory file by file, with its modes.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// The program on another directory.
fn on(world: &World, state: &Path) -> PipelineBuilder {
    world.approving().state_dir(state)
}

/// A ticket and its request, as texts that can be handed in again and again.
async fn texts(cs: &Pipeline, me: &Caller, call: &ToolCall) -> (String, Vec<u8>) {
    let (ticket, prepared) = sealed(cs, me, call).await.into_parts();
    (ticket.as_compact().to_owned(), prepared.to_bytes())
}

async fn committed(cs: &Pipeline, me: &Caller) -> EffectId {
    // A read, of which there may be many.
    let done = cs.run(me, &list()).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    done.effect_id
}

#[tokio::test]
async fn a_copy_of_a_stopped_program_and_one_of_an_instant_go_on_at_another_place() {
    let world = World::start().await;
    let state = world.dir.path().join("state");
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let spent = texts(&cs, &me, &create()).await;
    let done = cs.execute_bytes(&me, &spent.0, &spent.1).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    let fresh =
        [texts(&cs, &me, &create_with("Tea")).await, texts(&cs, &me, &create_with("Dinner")).await];
    let elsewhere = TempDir::new().unwrap();
    let places = [elsewhere.path().join("instant"), elsewhere.path().join("moved")];
    // Nothing is written meanwhile: as a snapshot of the file system.
    copy(&state, &places[0]).unwrap();
    drop(cs);
    fs::rename(&state, elsewhere.path().join("stopped")).unwrap();
    copy(&elsewhere.path().join("stopped"), &places[1]).unwrap();
    for (place, fresh) in places.iter().zip(&fresh) {
        let cs = on(&world, place).open().await.unwrap();
        assert!(cs.recover().await.unwrap().in_doubt.is_empty());
        let again = cs.execute_bytes(&me, &spent.0, &spent.1).await;
        assert_eq!(again.unwrap_err().code(), "spent");
        let done = cs.execute_bytes(&me, &fresh.0, &fresh.1).await.unwrap();
        assert_eq!(done.ending, Ending::Committed);
        // It has the user's token with it.
        assert_eq!(cs.run(&me, &create_with("Breakfast")).await.unwrap().ending, Ending::Committed);
    }
    assert_eq!(world.writes(), 5);
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_without_its_modes_is_refused_and_opens_when_it_has_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::start().await;
    let store = world.dir.path().join("state/store");
    drop(world.approving().open().await.unwrap());
    let set =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let files = || fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
    for file in files() {
        set(&file, 0o644);
        let opened = world.approving().open().await;
        assert!(matches!(opened, Err(OpenError::Store(_))), "{file:?}");
        set(&file, 0o600);
    }
    world.approving().open().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_file_by_file_at_work_opens_with_all_from_before_it_or_is_refused() {
    let world = World::start().await;
    let state = world.dir.path().join("state");
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let elsewhere = TempDir::new().unwrap();
    let mut known: Vec<EffectId> = Vec::new();
    for n in 0..6 {
        known.push(committed(&cs, &me).await);
        let done = Arc::new(AtomicBool::new(false));
        let work = tokio::spawn({
            let (cs, me, done) = (cs.clone(), me.clone(), Arc::clone(&done));
            async move {
                while !done.load(Ordering::SeqCst) {
                    committed(&cs, &me).await;
                }
            }
        });
        let place = elsewhere.path().join(n.to_string());
        let (from, to) = (state.clone(), place.clone());
        let copied = tokio::task::spawn_blocking(move || copy(&from, &to)).await.unwrap();
        done.store(true, Ordering::SeqCst);
        work.await.unwrap();
        // A file may be gone before it was copied.
        let Ok(()) = copied else { continue };
        if let Ok(copy) = on(&world, &place).open().await {
            for effect in &known {
                assert!(copy.ledger().get(*effect).await.unwrap().is_some(), "{effect}");
            }
        }
    }
}

#[tokio::test]
async fn an_old_copy_does_again_what_came_after_it_until_an_hour_has_passed() {
    let world = World::start().await;
    let state = world.dir.path().join("state");
    let yes = Arc::new(AtomicBool::new(false));
    let asking = || world.bare().approver(later(&yes));
    let cs = asking().open().await.unwrap();
    let me = world.me(&cs).await;
    let handle = pending(cs.authorize(&me, &create()).await.unwrap());
    let elsewhere = TempDir::new().unwrap();
    let places = [elsewhere.path().join("at once"), elsewhere.path().join("an hour later")];
    for place in &places {
        copy(&state, place).unwrap();
    }
    // After the copies were made: it is approved and done, and everything is frozen.
    yes.store(true, Ordering::SeqCst);
    let Authorization::Permitted(permitted) = cs.resume(&me, &handle).await.unwrap() else {
        panic!("it was approved");
    };
    let (ticket, prepared) = permitted.into_parts();
    let (ticket, bytes) = (ticket.as_compact().to_owned(), prepared.to_bytes());
    let done = cs.execute_bytes(&me, &ticket, &bytes).await.unwrap();
    assert_eq!(done.ending, Ending::Committed);
    assert_eq!(refused(cs.resume(&me, &handle).await.unwrap()), "pending_unknown");
    cs.gate().guard().freeze(Freeze::All).await.unwrap();
    drop(cs);
    assert_eq!(world.writes(), 1);

    // The copy knows nothing of all that.
    let cs = asking().state_dir(&places[0]).open().await.unwrap();
    assert_eq!(cs.gate().guard().epochs(&me).await.unwrap(), Epochs::default());
    assert!(cs.execute_bytes(&me, &ticket, &bytes).await.is_ok(), "that is why one has to wait");
    assert_eq!(world.writes(), 2);
    drop(cs);

    // An hour later nothing of it can be used: neither ticket nor handle.
    world.clock.advance_seconds(3_600);
    let cs = asking().state_dir(&places[1]).open().await.unwrap();
    assert!(cs.recover().await.unwrap().in_doubt.is_empty());
    assert_eq!(cs.execute_bytes(&me, &ticket, &bytes).await.unwrap_err().code(), "expired");
    assert!(matches!(cs.resume(&me, &handle).await.unwrap(), Authorization::Refused(_)));
    assert!(cs.pending(&me).await.unwrap().is_empty());
    assert_eq!(world.writes(), 2);
}

#[tokio::test]
async fn a_clock_that_stands_behind_stops_claims_until_it_has_caught_up_over_restarts_too() {
    let world = World::start().await;
    let mut cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    let run = async |cs: &Pipeline| {
        cs.run(&me, &create()).await.map(|done| done.ending).map_err(|no| no.code().to_owned())
    };
    assert_eq!(run(&cs).await, Ok(Ending::Committed));
    // Ahead by twenty minutes for one call, and set right: more would be an hour like this one.
    world.clock.advance_seconds(1_200);
    assert_eq!(run(&cs).await, Ok(Ending::Committed));
    for (back, works) in [(-1_200, false), (1_000, false), (160, false), (11, true)] {
        world.clock.advance_seconds(back);
        for _ in 0..2 {
            let due = if works { Ok(Ending::Committed) } else { Err("clock_behind".to_owned()) };
            assert_eq!(run(&cs).await, due, "{back}");
            drop(cs);
            cs = world.approving().open().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_log_that_was_moved_aside_is_followed_by_a_new_one() {
    let world = World::start().await;
    let cs = world.approving().open().await.unwrap();
    let me = world.me(&cs).await;
    committed(&cs, &me).await;
    drop(cs);
    let (log, aside) = (world.dir.path().join("state/audit.jsonl"), world.dir.path().join("aside"));
    fs::rename(&log, &aside).unwrap();
    let cs = world.approving().open().await.unwrap();
    committed(&cs, &me).await;
    drop(cs);
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().count();
    assert!(lines(&log) > 1 && lines(&aside) > 1);
    world.approving().open().await.unwrap();
}
