//! Logs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_audit::{JsonlLog, verify};
use countersign_core::{AuditError, AuditRecord, AuditSink, Durability, Value};
use countersign_testkit::conformance::audit::{self, Log};

use crate::{catches, lock, passes};

/// The log in a file, read back with the verifier and line by line.
struct Jsonl {
    sink: Arc<JsonlLog>,
    path: PathBuf,
}

impl Log for Jsonl {
    fn sink(&self) -> Arc<dyn AuditSink> {
        Arc::clone(&self.sink) as Arc<dyn AuditSink>
    }
    fn read(&self) -> Result<Vec<(u64, String)>, String> {
        let summary = verify(File::open(&self.path).unwrap()).map_err(|e| e.to_string())?;
        let line = |line: Result<String, std::io::Error>| {
            let value: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            (value["seq"].as_u64().unwrap(), value["id"].as_str().unwrap().to_owned())
        };
        let lines = BufReader::new(File::open(&self.path).unwrap()).lines();
        let lines: Vec<(u64, String)> = lines.map(line).collect();
        assert_eq!(u64::try_from(lines.len()).unwrap(), summary.records);
        Ok(lines)
    }
}

#[test]
fn the_jsonl_log_conforms() {
    passes(async || {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        let sink = Arc::new(JsonlLog::open(&path).unwrap());
        audit::all(&Jsonl { sink, path }).await;
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    LosesRecords,
    CutsWhatIsLong,
    WritesThenRefuses,
    BreaksAfterARefusal,
    TakesTheSameNumber,
    NumbersThenWrites,
    SkipsNumbers,
    LosesWhatIsBuffered,
    BuffersAndReorders,
    WritesLines,
}

/// A log in memory, one line for a record.
#[derive(Debug)]
struct Flawed(Flaw, Mutex<State>);

#[derive(Debug, Default)]
struct State {
    text: String,
    count: u64,
    broken: bool,
    held: Option<String>,
}

#[async_trait]
impl AuditSink for Flawed {
    async fn append(&self, record: AuditRecord, durability: Durability) -> Result<u64, AuditError> {
        let flaw = self.0;
        let fields = Value::from(record.fields).to_canonical().as_str().to_owned();
        let fields = if flaw == Flaw::WritesLines { fields.replace("\\n", "\n") } else { fields };
        let large = fields.len() > 65_000;
        let next = lock(&self.1).count;
        if flaw == Flaw::TakesTheSameNumber || flaw == Flaw::NumbersThenWrites {
            tokio::task::yield_now().await;
        }
        let mut state = lock(&self.1);
        if state.broken {
            return Err(AuditError::Unwritable);
        }
        if large && flaw != Flaw::CutsWhatIsLong {
            state.broken = flaw == Flaw::BreaksAfterARefusal;
            if flaw == Flaw::WritesThenRefuses {
                let line = format!("{next} {} {fields}\n", record.id);
                state.text.push_str(&line);
            }
            return Err(AuditError::TooLarge);
        }
        let seq = match flaw {
            Flaw::TakesTheSameNumber => next,
            Flaw::SkipsNumbers => state.count + 1,
            _ => state.count,
        };
        state.count = seq + 1;
        let line = format!("{seq} {} {fields}\n", record.id);
        let lost = flaw == Flaw::LosesRecords && seq % 7 == 6;
        let lost = lost || flaw == Flaw::LosesWhatIsBuffered && durability == Durability::Buffered;
        if flaw == Flaw::BuffersAndReorders {
            match durability {
                Durability::Buffered => state.held = Some(line),
                Durability::Durable => {
                    let held = state.held.take().unwrap_or_default();
                    state.text.push_str(&line);
                    state.text.push_str(&held);
                }
            }
        } else if !lost {
            state.text.push_str(&line);
        }
        Ok(if flaw == Flaw::NumbersThenWrites { next } else { seq })
    }
}

struct Text(Arc<Flawed>);

impl Log for Text {
    fn sink(&self) -> Arc<dyn AuditSink> {
        Arc::clone(&self.0) as Arc<dyn AuditSink>
    }
    fn read(&self) -> Result<Vec<(u64, String)>, String> {
        let read = |line: &str| {
            let (seq, rest) = line.split_once(' ')?;
            let (id, _) = rest.split_once(' ')?;
            Some((seq.parse().ok()?, id.to_owned()))
        };
        let text = lock(&self.0.1).text.clone();
        text.lines().map(|l| read(l).ok_or_else(|| format!("no record: {l}"))).collect()
    }
}

#[test]
fn a_broken_log_is_caught() {
    let log = |flaw| Text(Arc::new(Flawed(flaw, Mutex::default())));
    passes(async || audit::all(&log(Flaw::None)).await);
    let order = "AuditSink: records stand in the order in which append returned";
    let sound = "AuditSink: the log is sound after a record was refused";
    let race = "AuditSink: concurrent appends lose and repeat nothing";
    let flaws = [
        (Flaw::LosesRecords, order),
        (Flaw::CutsWhatIsLong, "AuditSink: a record of more than 65,535 bytes is refused"),
        (Flaw::WritesThenRefuses, sound),
        (Flaw::BreaksAfterARefusal, sound),
        (Flaw::TakesTheSameNumber, race),
        (Flaw::NumbersThenWrites, race),
        (Flaw::LosesWhatIsBuffered, order),
        (Flaw::BuffersAndReorders, order),
        (Flaw::WritesLines, "AuditSink: no field breaks out of its record"),
    ];
    for (flaw, clause) in flaws {
        catches(&format!("{flaw:?}"), clause, async move || {
            audit::all(&Text(Arc::new(Flawed(flaw, Mutex::default())))).await;
        });
    }
    // A log may begin at any number, so only the second record shows it.
    catches("SkipsNumbers", "AuditSink: sequence numbers go up by one", async || {
        audit::all(&Text(Arc::new(Flawed(Flaw::SkipsNumbers, Mutex::default())))).await;
    });
}
