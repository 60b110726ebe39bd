//! `countersign keys`: a directory of signing keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use countersign::ticket::{KeyId, KeyState};
use countersign::{KeyDir, SystemEntropy, state_name};

use crate::output::{Answer, Failure, Json, Out, array, quote, table, utc};

const AFTER: &str = "\
The directory: --dir, else $COUNTERSIGN_HOME/keys, else $XDG_STATE_HOME/countersign/keys, else \
$HOME/.local/state/countersign/keys. `new` makes it, with mode 0700; the others want it to be there. \
Keys are files of mode 0600. A directory or key that others may write or read is refused. Seeds are \
never printed.

Exit codes:
  0  done
  1  there is no such key
  2  the directory cannot be used, or bad usage";

const NEW: &str = "\
Reads the system's randomness. Writes a key file and the key ring, and prints the key id. The new key \
signs from now on; the one that signed until now is retired: it no longer signs, and what it signed \
still verifies.

Exit codes:
  0  made
  2  the directory cannot be used

Example:
  countersign keys new --dir ./keys";

const LIST: &str = "\
Reads the key ring. Writes a table of key id, state (active, retired, revoked) and when the key file \
was written; with --json an array of {\"kid\",\"state\",\"created\"}.

Exit codes:
  0  written
  2  the directory cannot be used

Example:
  countersign keys list";

const JWKS: &str = "\
Reads the key ring. Writes the public keys, without the revoked ones, as a JWK set (RFC 7517): what a \
gate or `countersign ticket verify` needs.

Exit codes:
  0  written
  2  the directory cannot be used

Example:
  countersign keys jwks > jwks.json";

const REVOKE: &str = "\
Writes the key ring and deletes the key file. Nothing that the key signed is accepted any more, and \
that cannot be undone. Gates learn of it with the next JWK set that they are given.

Exit codes:
  0  revoked
  1  there is no such key
  2  the directory cannot be used, or bad usage

Example:
  countersign keys revoke kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// Make, list, publish and revoke signing keys.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// The directory of the keys.
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key, let it sign, and print its id.
    #[command(after_help = NEW)]
    New,
    /// List the keys and their states.
    #[command(after_help = LIST)]
    List,
    /// Print the public keys as a JWK set.
    #[command(after_help = JWKS)]
    Jwks,
    /// Revoke a key for good.
    #[command(after_help = REVOKE)]
    Revoke {
        /// The id of the key.
        #[arg(allow_hyphen_values = true)]
        kid: KeyId,
    },
}

pub(crate) fn run(args: &Args, json: bool) -> Result<Answer, Failure> {
    let dir = directory(args.dir.as_deref())?;
    if !matches!(args.command, Command::New) && is_missing(&dir) {
        let message =
            format!("{}: no such directory; `countersign keys new` makes it", dir.display());
        return Err(Failure::Unusable("no_key_directory", message));
    }
    let keys = KeyDir::open(&dir)?;
    let mut out = Out::new();
    match &args.command {
        Command::New => {
            let kid = keys.rotate(&SystemEntropy::default())?;
            if json {
                let dir = dir.display().to_string();
                out.line(&Json::new().text("kid", kid.as_str()).text("dir", &dir).done())?;
            } else {
                out.line(kid.as_str())?;
            }
        }
        Command::List => {
            let ring = keys.ring()?;
            let rows: Vec<_> =
                ring.iter().map(|(id, _, state)| (id.clone(), state, created(&dir, id))).collect();
            if json {
                out.line(&array(rows.iter().map(object)))?;
            } else {
                out.bytes(list(&rows).as_bytes())?;
            }
        }
        Command::Jwks => out.line(&keys.ring()?.to_jwks())?,
        Command::Revoke { kid } => {
            keys.revoke(kid)?;
            if json {
                out.line(&Json::new().text("kid", kid.as_str()).text("state", "revoked").done())?;
            } else {
                out.line(&format!("revoked {kid}"))?;
            }
        }
    }
    out.flush()?;
    Ok(Answer::Yes)
}

fn directory(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    given
        .map(Path::to_owned)
        .or_else(|| set("COUNTERSIGN_HOME").map(|home| home.join("keys")))
        .or_else(|| set("XDG_STATE_HOME").map(|state| state.join("countersign/keys")))
        .or_else(|| set("HOME").map(|home| home.join(".local/state/countersign/keys")))
        .ok_or_else(|| Failure::Usage("give --dir, or set COUNTERSIGN_HOME".to_owned()))
}

fn is_missing(dir: &Path) -> bool {
    fs::metadata(dir).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// When the key file was written: seconds since 1970. A revoked key has none.
fn created(dir: &Path, id: &KeyId) -> Option<i64> {
    let written = fs::metadata(dir.join(format!("{id}.key"))).ok()?.modified().ok()?;
    i64::try_from(written.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

type Row = (KeyId, KeyState, Option<i64>);

fn object((id, state, created): &Row) -> String {
    Json::new()
        .text("kid", id.as_str())
        .text("state", state_name(*state))
        .raw("created", &created.map_or_else(|| "null".to_owned(), |at| quote(&utc(at))))
        .done()
}

fn list(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no keys; `countersign keys new` makes one\n".to_owned();
    }
    let head = ["KID", "STATE", "CREATED"].map(str::to_owned).to_vec();
    let row = |(id, state, created): &Row| {
        let created = created.map_or_else(|| "-".to_owned(), utc);
        vec![id.to_string(), state_name(*state).to_owned(), created]
    };
    table(&[head].into_iter().chain(rows.iter().map(row)).collect::<Vec<_>>())
}
