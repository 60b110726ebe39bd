//! Writes the test vectors, or compares them with what stands there
//!
//! ```text
//! countersign-vectors write <folder>                    the committed vectors
//! countersign-vectors check <folder>                    whether they are what would be written
//! countersign-vectors fresh <folder>                    new keys, ids and times, every byte changed
//! countersign-vectors documents <count> <seed> <file>   documents and their canonical forms
//! ```

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_ticket::Timestamp;
use countersign_vectors::{Made, Source, documents, files};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Made<()> {
    match words {
        ["write", folder] => write(&Source::fixed(), folder),
        ["fresh", folder] => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
            write(&Source::fresh(Timestamp::from_millis(now.try_into()?))?, folder)
        }
        ["check", folder] => check(folder),
        ["documents", count, seed, file] => {
            Ok(std::fs::write(file, documents::lines(count.parse()?, seed.parse()?)?)?)
        }
        _ => Err("usage: write|check|fresh <folder>, or documents <count> <seed> <file>".into()),
    }
}

fn write(source: &Source, folder: &str) -> Made<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in files(source)? {
        std::fs::write(Path::new(folder).join(name), text)?;
    }
    Ok(())
}

fn check(folder: &str) -> Made<()> {
    for (name, text) in files(&Source::fixed())? {
        let path = Path::new(folder).join(name);
        let there =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        if there != text {
            let line = there.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
            let path = path.display();
            return Err(
                format!("{path}:{line} differs; `cargo xtask vectors` writes it anew").into()
            );
        }
    }
    Ok(())
}
