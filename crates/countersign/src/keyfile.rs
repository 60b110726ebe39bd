//! Key files: 32-byte seeds on disk, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::{Entropy, KeyId, Object, Value};
use countersign_ticket::{KeyRing, KeyState, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

const SEED_HEADER: &str = "countersign-seed-v1 ";
const RING: &str = "ring.json";

/// A key file or key ring cannot be used. Names the file, never its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Others than the owner may read or write it.
    #[error("{0} is open to others than its owner: chmod 600 (a directory: 700)")]
    TooOpen(PathBuf),
    /// A link, a directory in the file's place, or the like.
    #[error("{0} is not a plain file")]
    NotAFile(PathBuf),
    /// Not what this library wrote.
    #[error("{0} is damaged")]
    Damaged(PathBuf),
    /// No such key.
    #[error("there is no key {0}")]
    Unknown(String),
    /// Cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No randomness to make a key of.
    #[error("no randomness to make a key of")]
    Entropy,
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io { path, source }
}

/// A directory of signing keys: `KID.key` files, and `ring.json` with the state of each key.
///
/// Files are made with mode 0600 in a directory of mode 0700, and refused if they are wider, a link,
/// or not a plain file.
#[derive(Debug, Clone)]
pub struct KeyDir {
    dir: PathBuf,
}

impl KeyDir {
    /// Opens a directory, and makes it if it is not there.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, KeyFileError> {
        let dir = dir.into();
        make_dir(&dir)?;
        Ok(Self { dir })
    }

    /// The keys and their states; empty for a new directory.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn ring(&self) -> Result<KeyRing, KeyFileError> {
        let path = self.dir.join(RING);
        let Some(bytes) = read_private(&path)? else { return Ok(KeyRing::new()) };
        let damaged = || KeyFileError::Damaged(path.clone());
        let value = countersign_core::canon::parse(&bytes).map_err(|_| damaged())?;
        let mut ring = KeyRing::new();
        for entry in value.get("keys").and_then(Value::as_array).ok_or_else(damaged)? {
            let (id, key, state) = ring_entry(entry).ok_or_else(damaged)?;
            ring.add(id, key, state).map_err(|_| damaged())?;
        }
        Ok(ring)
    }

    /// The active key, which signs. None in a new directory.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn active(&self) -> Result<Option<SigningKey>, KeyFileError> {
        let ring = self.ring()?;
        let Some((id, key, _)) = ring.iter().find(|(_, _, state)| *state == KeyState::Active)
        else {
            return Ok(None);
        };
        let path = self.dir.join(format!("{id}.key"));
        let damaged = || KeyFileError::Damaged(path.clone());
        let text = read_private(&path)?.ok_or_else(|| KeyFileError::Unknown(id.to_string()))?;
        let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
        let signing = SigningKey::from_seed(&parse_seed(text).ok_or_else(damaged)?);
        if signing.verifying_key() == *key { Ok(Some(signing)) } else { Err(damaged()) }
    }

    /// Makes a new key and lets it sign; the one that signed until now is retired and still verifies.
    ///
    /// # Errors
    /// [`KeyFileError`]. The keys are then as before.
    pub fn rotate(&self, entropy: &dyn Entropy) -> Result<KeyId, KeyFileError> {
        let mut ring = self.ring()?;
        let mut seed = Zeroizing::new([0u8; 32]);
        entropy.fill(&mut *seed).map_err(|_| KeyFileError::Entropy)?;
        let key = SigningKey::from_seed(&seed);
        let id = key.key_id().clone();
        let line = Zeroizing::new(format!("{SEED_HEADER}{}\n", URL_SAFE_NO_PAD.encode(*seed)));
        // The seed first: a ring never names a key that is not there.
        write_private(&self.dir, &format!("{id}.key"), line.as_bytes())?;
        let full = |_| KeyFileError::Damaged(self.dir.join(RING));
        let active: Vec<KeyId> = ring
            .iter()
            .filter(|(_, _, state)| *state == KeyState::Active)
            .map(|(id, _, _)| id.clone())
            .collect();
        for old in active {
            ring.set_state(&old, KeyState::Retired).map_err(full)?;
        }
        ring.add(id.clone(), key.verifying_key(), KeyState::Active).map_err(full)?;
        self.write_ring(&ring)?;
        Ok(id)
    }

    /// Revokes a key: whoever reads this ring from now on accepts nothing that it signed. A pipeline
    /// that is open read the ring when it opened; open it again. The seed is deleted.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn revoke(&self, id: &KeyId) -> Result<(), KeyFileError> {
        let mut ring = self.ring()?;
        ring.set_state(id, KeyState::Revoked).map_err(|_| KeyFileError::Unknown(id.to_string()))?;
        self.write_ring(&ring)?;
        let path = self.dir.join(format!("{id}.key"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_at(&path)(error)),
            _ => Ok(()),
        }
    }

    fn write_ring(&self, ring: &KeyRing) -> Result<(), KeyFileError> {
        let entry = |(id, key, state): (&KeyId, &VerifyingKey, KeyState)| {
            Object::new()
                .with("kid", id.as_str())
                .with("state", state_name(state))
                .with("x", URL_SAFE_NO_PAD.encode(key.as_bytes()))
                .into()
        };
        let keys = Value::Array(ring.iter().map(entry).collect());
        let json = Value::from(Object::new().with("keys", keys)).to_canonical();
        write_private(&self.dir, RING, json.as_bytes())
    }
}

/// `active`, `retired` or `revoked`.
pub fn state_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Retired => "retired",
        KeyState::Revoked => "revoked",
    }
}

fn ring_entry(value: &Value) -> Option<(KeyId, VerifyingKey, KeyState)> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let state = match text("state")? {
        "active" => KeyState::Active,
        "retired" => KeyState::Retired,
        "revoked" => KeyState::Revoked,
        _ => return None,
    };
    let x: [u8; 32] = URL_SAFE_NO_PAD.decode(text("x")?).ok()?.try_into().ok()?;
    Some((KeyId::new(text("kid")?).ok()?, VerifyingKey::from_bytes(&x).ok()?, state))
}

fn parse_seed(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.strip_prefix(SEED_HEADER)?.strip_suffix('\n')?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
    let mut seed = Zeroizing::new([0u8; 32]);
    if bytes.len() != seed.len() {
        return None;
    }
    seed.copy_from_slice(&bytes);
    Some(seed)
}

/// A random 32-byte secret in a file of its own, made on first use.
pub(crate) fn secret_file(
    dir: &Path,
    name: &str,
    entropy: &dyn Entropy,
) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    make_dir(dir)?;
    let path = dir.join(name);
    if let Some(bytes) = read_private(&path)? {
        let text = std::str::from_utf8(&bytes).ok();
        return text.and_then(parse_seed).ok_or(KeyFileError::Damaged(path));
    }
    let mut seed = Zeroizing::new([0u8; 32]);
    entropy.fill(&mut *seed).map_err(|_| KeyFileError::Entropy)?;
    let line = Zeroizing::new(format!("{SEED_HEADER}{}\n", URL_SAFE_NO_PAD.encode(*seed)));
    write_private(dir, name, line.as_bytes())?;
    Ok(seed)
}

fn make_dir(dir: &Path) -> Result<(), KeyFileError> {
    if fs::symlink_metadata(dir).is_err() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(io_at(dir))?;
    }
    let meta = fs::metadata(dir).map_err(io_at(dir))?;
    if !meta.is_dir() {
        return Err(KeyFileError::NotAFile(dir.to_owned()));
    }
    // Others may look into it, but whoever may write could put a key of theirs in.
    refuse_mode(dir, &meta, 0o022)
}

fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFileError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_at(path)(error)),
    };
    if !meta.is_file() {
        return Err(KeyFileError::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(io_at(path))?;
    // Of the file that was opened, not of the one that was looked at.
    let meta = file.metadata().map_err(io_at(path))?;
    refuse_mode(path, &meta, 0o077)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(1024 * 1024).read_to_end(&mut bytes).map_err(io_at(path))?;
    Ok(Some(bytes))
}

/// Writes a file whole or not at all, on the disk when it returns.
fn write_private(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), KeyFileError> {
    let (path, temporary) = (dir.join(name), dir.join(format!(".{name}.new")));
    let write = || -> io::Result<()> {
        if fs::symlink_metadata(&temporary).is_ok() {
            fs::remove_file(&temporary)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(io_at(&path))
}

#[cfg(unix)]
fn refuse_mode(path: &Path, meta: &fs::Metadata, forbidden: u32) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;
    if meta.permissions().mode() & forbidden == 0 {
        Ok(())
    } else {
        Err(KeyFileError::TooOpen(path.to_owned()))
    }
}

#[cfg(not(unix))]
fn refuse_mode(_: &Path, _: &fs::Metadata, _: u32) -> Result<(), KeyFileError> {
    Ok(())
}
