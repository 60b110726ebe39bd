//! A disk that remembers what was done to it, and what is left of it if the power goes.
//!
//! What was not waited for may be there, in part, or not at all, in any order, by sectors of 512 bytes;
//! names too. A sector is written whole or not at all.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use crate::disk::{Disk, DiskFile};

pub(super) const SECTOR: usize = 512;

/// A small generator (splitmix64), so that every run is the same.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below.max(1) as u64).unwrap()
    }
}

#[derive(Debug, Clone)]
enum Op {
    Create(String, usize),
    Rename(String, String),
    Delete(String),
    SyncNames,
    Write(usize, u64, Vec<u8>),
    Sync(usize),
}

type Files = BTreeMap<usize, Vec<u8>>;
type Names = BTreeMap<String, usize>;

/// What is to go wrong next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Faults {
    /// How many bytes files may still grow by.
    pub(super) room: Option<u64>,
    /// After how many operations that change anything one fails; and whether all do from then on.
    pub(super) fail_at: Option<(usize, bool)>,
    /// Syncs fail.
    pub(super) syncs: bool,
}

#[derive(Debug, Default)]
struct Sim {
    start: (Names, Files),
    names: Names,
    files: Files,
    next: usize,
    ops: Vec<Op>,
    faults: Faults,
}

/// The disk.
#[derive(Debug, Default)]
pub(super) struct SimDisk(Arc<Mutex<Sim>>);

#[derive(Debug)]
struct SimFile(Arc<Mutex<Sim>>, usize);

impl Sim {
    fn apply(&mut self, op: Op) -> io::Result<()> {
        if let Some((left, forever)) = self.faults.fail_at {
            self.faults.fail_at = match (left.checked_sub(1), forever) {
                (Some(left), _) => Some((left, forever)),
                (None, true) => Some((0, true)),
                (None, false) => None,
            };
            if left == 0 {
                return Err(io::Error::other("the disk failed"));
            }
        }
        if self.faults.syncs && matches!(op, Op::Sync(_) | Op::SyncNames) {
            return Err(io::Error::other("the disk failed"));
        }
        if let Op::Write(file, offset, bytes) = &op {
            let end = usize::try_from(*offset).unwrap() + bytes.len();
            let grows = end.saturating_sub(self.files[file].len()) as u64;
            if let Some(room) = &mut self.faults.room {
                *room = room.checked_sub(grows).ok_or(io::ErrorKind::StorageFull)?;
            }
        }
        run(&op, &mut self.names, &mut self.files);
        self.ops.push(op);
        Ok(())
    }
}

/// What an operation does, if nothing goes wrong.
fn run(op: &Op, names: &mut Names, files: &mut Files) {
    match op {
        Op::Create(name, file) => {
            names.insert(name.clone(), *file);
            files.insert(*file, Vec::new());
        }
        Op::Rename(from, to) => {
            let file = names.remove(from).unwrap();
            names.insert(to.clone(), file);
        }
        Op::Delete(name) => {
            names.remove(name);
        }
        Op::Write(file, offset, bytes) => {
            let (contents, at) = (files.get_mut(file).unwrap(), usize::try_from(*offset).unwrap());
            contents.resize(contents.len().max(at + bytes.len()), 0);
            contents[at..at + bytes.len()].copy_from_slice(bytes);
        }
        Op::SyncNames | Op::Sync(_) => {}
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().names.keys().cloned().collect())
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut sim = self.0.lock().unwrap();
        if sim.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = sim.next;
        sim.next += 1;
        sim.apply(Op::Create(name.to_owned(), file))?;
        Ok(Arc::new(SimFile(Arc::clone(&self.0), file)))
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let sim = self.0.lock().unwrap();
        let file = *sim.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile(Arc::clone(&self.0), file)))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.lock().unwrap().apply(Op::Rename(from.to_owned(), to.to_owned()))
    }
    fn delete(&self, name: &str) -> io::Result<()> {
        self.0.lock().unwrap().apply(Op::Delete(name.to_owned()))
    }
    fn sync(&self) -> io::Result<()> {
        self.0.lock().unwrap().apply(Op::SyncNames)
    }
}

impl DiskFile for SimFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().apply(Op::Write(self.1, offset, bytes.to_vec()))
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let sim = self.0.lock().unwrap();
        let contents = &sim.files[&self.1];
        let rest = contents.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.lock().unwrap().apply(Op::Sync(self.1))
    }
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().files[&self.1].len() as u64)
    }
}

impl SimDisk {
    /// How many operations there were.
    pub(super) fn ops(&self) -> usize {
        self.0.lock().unwrap().ops.len()
    }

    /// How many segments were deleted.
    pub(super) fn deleted(&self) -> usize {
        let sim = self.0.lock().unwrap();
        let deleted =
            |op: &&Op| matches!(op, Op::Delete(name) if crate::log::number(name).is_some());
        sim.ops.iter().filter(deleted).count()
    }

    pub(super) fn set(&self, faults: Faults) {
        self.0.lock().unwrap().faults = faults;
    }

    /// The same disk as it is, for another process after this one was killed.
    pub(super) fn reopened(&self) -> Self {
        let sim = self.0.lock().unwrap();
        Self::from(sim.names.clone(), sim.files.clone(), sim.next)
    }

    fn from(names: Names, files: Files, next: usize) -> Self {
        let start = (names.clone(), files.clone());
        let sim = Sim { start, names, files, next, ..Sim::default() };
        Self(Arc::new(Mutex::new(sim)))
    }

    /// The contents of every file with a name.
    pub(super) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let sim = self.0.lock().unwrap();
        sim.names.iter().map(|(name, file)| (name.clone(), sim.files[file].clone())).collect()
    }

    /// Changes a file behind everybody's back.
    pub(super) fn meddle(&self, name: &str, with: impl FnOnce(&mut Vec<u8>)) {
        let mut sim = self.0.lock().unwrap();
        let file = sim.names[name];
        with(sim.files.get_mut(&file).unwrap());
    }

    /// What may be left if the power goes after so many operations: everything that was waited for, and
    /// of the rest all combinations if they are at most `most`, or as many samples.
    pub(super) fn power_cuts(&self, after: usize, most: usize, dice: &mut Dice) -> Vec<Self> {
        let sim = self.0.lock().unwrap();
        let (mut names, mut files) = sim.start.clone();
        // What is known to be on the disk, and what may be: versions of sectors, and changes of names.
        let mut open: BTreeMap<(usize, usize), Vec<Vec<u8>>> = BTreeMap::new();
        let mut changes: Vec<Op> = Vec::new();
        let mut seen = sim.start.clone();
        for op in &sim.ops[..after] {
            run(op, &mut seen.0, &mut seen.1);
            match op {
                Op::Write(file, offset, bytes) => {
                    let at = usize::try_from(*offset).unwrap();
                    for sector in at / SECTOR..(at + bytes.len()).div_ceil(SECTOR) {
                        let contents = &seen.1[file][sector * SECTOR..];
                        let version = contents[..SECTOR.min(contents.len())].to_vec();
                        open.entry((*file, sector)).or_default().push(version);
                    }
                }
                Op::Sync(file) => {
                    open.retain(|(of, _), _| of != file);
                    files.insert(*file, seen.1[file].clone());
                }
                Op::SyncNames => {
                    changes.clear();
                    names.clone_from(&seen.0);
                }
                Op::Create(_, file) => {
                    files.entry(*file).or_default();
                    changes.push(op.clone());
                }
                Op::Rename(..) | Op::Delete(_) => changes.push(op.clone()),
            }
        }
        let choices: Vec<usize> = open.values().map(|versions| versions.len() + 1).collect();
        let total = choices.iter().chain(changes.iter().map(|_| &2usize));
        let total = total.fold(1usize, |all, n| all.saturating_mul(*n));
        let mut left = Vec::new();
        for pick in 0..total.min(most) {
            let (mut names, mut files) = (names.clone(), files.clone());
            let mut number = pick;
            // The first samples are nothing and everything.
            let mut choose = |n: usize| match (total <= most, pick) {
                (true, _) => {
                    let choice = number % n;
                    number /= n;
                    choice
                }
                (false, 0) => 0,
                (false, 1) => n - 1,
                (false, _) => dice.roll(n),
            };
            for ((file, sector), versions) in &open {
                let choice = choose(versions.len() + 1);
                if let Some(version) = choice.checked_sub(1).map(|n| &versions[n]) {
                    let contents = files.get_mut(file).unwrap();
                    let at = sector * SECTOR;
                    contents.resize(contents.len().max(at + version.len()), 0);
                    contents[at..at + version.len()].copy_from_slice(version);
                }
            }
            for change in &changes {
                if choose(2) == 1 {
                    match change {
                        Op::Create(name, file) => drop(names.insert(name.clone(), *file)),
                        Op::Delete(name) => drop(names.remove(name)),
                        Op::Rename(from, to) => {
                            if let Some(file) = names.remove(from) {
                                names.insert(to.clone(), file);
                            }
                        }
                        _ => {}
                    }
                }
            }
            files.retain(|file, _| names.values().any(|named| named == file));
            left.push(Self::from(names, files, sim.next));
        }
        left
    }
}
