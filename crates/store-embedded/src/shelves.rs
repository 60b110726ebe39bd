//! The ports that keep values under names.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::{
    AccessToken, AgentId, ApprovalStore, Caller, GrantStore, Granted, RefreshToken, RiskMemory,
    SessionId, StoreError, SubjectCredentials, SubjectToken, TenantId, Timestamp, TokenError,
};
use zeroize::Zeroizing;

use crate::codec::Writer;
use crate::engine::Inner;
use crate::error::Failure;
use crate::frame::framed;
use crate::log::{Log, Source};
use crate::patch;
use crate::record::{PATCH, PUT, Table, Value, name};
use crate::seal::Sealer;
use crate::state::{KEPT, Shelved, State};
use crate::store::EmbeddedStore;

/// How long a session is kept after it was last touched, in seconds: thirty days.
pub(crate) const IDLE: i64 = 30 * 86_400;

impl State {
    /// Whether a value is needed no more.
    pub(crate) fn outlived(table: Table, time: i64, newest: i64) -> bool {
        let time = time.div_euclid(1000);
        match table {
            Table::Sessions => time.saturating_add(IDLE) < newest,
            Table::Approvals => time.saturating_add(KEPT) < newest,
            Table::Grants | Table::Subjects | Table::Epochs => false,
        }
    }

    fn shelved(&self, table: Table, name: &[u8]) -> Option<Shelved> {
        self.values.get(&(table, name.to_vec())).cloned()
    }

    /// Reads a value from the log, while nothing changes.
    fn value(&self, log: &Log, shelved: &Shelved) -> Result<Kept, Failure> {
        Parts::of(log, shelved).ok_or(Failure::Damaged)?.read(&self.sealer)
    }

    /// Makes room for one more of a table that has a bound, out of what is needed no more.
    fn make_room(
        &mut self,
        table: Table,
        limit: usize,
        old: impl Fn(i64) -> bool,
    ) -> Result<(), Failure> {
        if self.count(table) < limit {
            return Ok(());
        }
        let from = (table, Vec::new());
        let of_table = self.values.range(from..).take_while(|((of, _), _)| *of == table);
        let gone: Vec<_> = of_table.filter(|(_, kept)| old(kept.time)).collect();
        let gone: Vec<Vec<u8>> = gone.into_iter().map(|((_, name), _)| name.clone()).collect();
        // Nothing has to be written: what is read again at the next start is old then too.
        for name in gone {
            self.set_gone(table, &name);
        }
        if self.count(table) < limit { Ok(()) } else { Err(Failure::TooMany) }
    }
}

/// Where a value can be read: the whole of it, and what changed since.
pub(crate) struct Parts {
    whole: Source,
    patches: Vec<Source>,
}

impl Parts {
    pub(crate) fn of(log: &Log, shelved: &Shelved) -> Option<Self> {
        let patches = shelved.patches.iter().map(|place| log.source(*place));
        Some(Self { whole: log.source(shelved.place)?, patches: patches.collect::<Option<_>>()? })
    }

    pub(crate) fn read(self, sealer: &Sealer) -> Result<Kept, Failure> {
        let open = |kind: u8, source: Source| {
            let record = source.read()?;
            let plain = sealer.open(kind, b"", &record.payload).filter(|_| record.kind == kind);
            plain.ok_or(Failure::Damaged)
        };
        let whole = open(PUT, self.whole)?;
        if self.patches.is_empty() {
            return Ok(Kept(whole));
        }
        let patches = self.patches.into_iter().map(|source| open(PATCH, source));
        let patches = patches.collect::<Result<Vec<_>, _>>()?;
        patch::patched(&whole, &patches).map(Kept).ok_or(Failure::Damaged)
    }
}

/// A value that was read and opened.
pub(crate) struct Kept(Zeroizing<Vec<u8>>);

impl Kept {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn value(&self) -> Result<Value<'_>, Failure> {
        Value::decode(&self.0).ok_or(Failure::Damaged)
    }
}

impl EmbeddedStore {
    /// What is kept in memory of a value.
    fn shelved(&self, table: Table, name: &[u8]) -> Result<Option<Shelved>, Failure> {
        self.engine().look(|inner| inner.tables.shelved(table, name))
    }

    /// A value as it is now, with what is kept of it in memory.
    fn kept(&self, table: Table, name: &[u8]) -> Result<Option<(Shelved, Kept)>, Failure> {
        let look = |inner: &Inner<State>| {
            let shelved = inner.tables.shelved(table, name)?;
            let parts = Parts::of(&inner.log, &shelved).ok_or(Failure::Damaged);
            Some(parts.map(|parts| (shelved, parts)))
        };
        let Some(found) = self.engine().look(look)? else { return Ok(None) };
        let (shelved, parts) = found?;
        Ok(Some((shelved, parts.read(self.sealer())?)))
    }
}

impl EmbeddedStore {
    /// What changed of a session's memory since the version before, if that is so little that it is
    /// written instead of the whole.
    fn patch(&self, new: &Value<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let (table, name) = (new.table, new.name);
        let fits = new.sealed();
        let of_it = |before: &Shelved| before.version.checked_add(1) == Some(new.version);
        // What could not be written as a whole could not be moved.
        let before = self.engine().look(|inner| {
            inner.tables.shelved(table, name).filter(|one| of_it(one) && inner.log.takes(fits))
        })?;
        let Some(before) = before else { return Ok(None) };
        let beside = framed(new.sealed().saturating_sub(new.bytes.len()));
        let most = before.takes().min(fits / 2).saturating_sub(beside);
        if most == 0 {
            return Ok(None);
        }
        if let Some(old) = self.hot_sessions.get(name, before.newest()) {
            return Ok(patch::changes(&old, new.bytes, most));
        }
        let Some((before, kept)) = self.kept(table, name)? else { return Ok(None) };
        // Whoever changed it meanwhile was first.
        let old = if of_it(&before) { kept.value()?.bytes } else { return Ok(None) };
        Ok(patch::changes(old, new.bytes, most))
    }
}

#[async_trait]
impl RiskMemory for EmbeddedStore {
    async fn load(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<(u64, Vec<u8>), StoreError> {
        let name = name(&[tenant.as_str(), session.as_str()]);
        let Some(shelved) = self.shelved(Table::Sessions, &name)? else {
            return Ok((0, Vec::new()));
        };
        if let Some(memory) = self.hot_sessions.get(&name, shelved.newest()) {
            return Ok((shelved.version, memory.to_vec()));
        }
        let Some((shelved, kept)) = self.kept(Table::Sessions, &name)? else {
            return Ok((0, Vec::new()));
        };
        let memory = kept.value()?.bytes.to_vec();
        let hot = Arc::new(Zeroizing::new(memory.clone()));
        self.hot_sessions.put(&name, shelved.newest(), memory.len(), hot);
        Ok((shelved.version, memory))
    }

    async fn swap(
        &self,
        tenant: &TenantId,
        session: &SessionId,
        version: u64,
        memory: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let name = name(&[tenant.as_str(), session.as_str()]);
        let next = version.saturating_add(1);
        let time = self.clock().now();
        let value = Value {
            table: Table::Sessions,
            name: &name,
            version: next,
            time: time.millis(),
            bytes: &memory,
        };
        let patch = self.patch(&value)?;
        let sealed = match &patch {
            Some(changes) => {
                self.sealer().seal(PATCH, b"", Value { bytes: changes, ..value }.encode())?
            }
            None => self.sealer().seal(PUT, b"", value.encode())?,
        };
        let place = self.engine().change(|log, state| {
            let before = state.shelved(Table::Sessions, &name);
            if before.as_ref().map_or(0, |before| before.version) != version {
                return Ok::<_, Failure>(None);
            }
            if next == version {
                return Err(Failure::TooMany);
            }
            if before.is_none() {
                let old =
                    |touched: i64| touched.div_euclid(1000).saturating_add(IDLE) < time.seconds();
                state.make_room(Table::Sessions, state.limits.sessions, old)?;
            }
            if patch.is_some() {
                state.patch_sealed(log, &value, &sealed)?;
            } else {
                state.put_sealed(log, &value, &sealed)?;
            }
            Ok(state.shelved(Table::Sessions, &name).map(|shelved| shelved.newest()))
        })?;
        let Some(place) = place else { return Ok(false) };
        let length = memory.len();
        self.hot_sessions.put(&name, place, length, Arc::new(Zeroizing::new(memory)));
        Ok(true)
    }
}

#[async_trait]
impl ApprovalStore for EmbeddedStore {
    async fn put(&self, id: &str, record: Vec<u8>, expires: Timestamp) -> Result<(), StoreError> {
        let value = approval(id, &record, expires.millis());
        let sealed = self.sealer().seal(PUT, b"", value.encode())?;
        let now = self.clock().now().millis();
        let ((), commit) = self.engine().commit(|log, state| {
            if state.shelved(Table::Approvals, id.as_bytes()).is_some() {
                return Err(StoreError);
            }
            let limit = state.limits.approvals;
            // What has expired by any clock of the last hours.
            let old = |expires: i64| expires.saturating_add(KEPT.saturating_mul(1000)) < now;
            state.make_room(Table::Approvals, limit, old)?;
            Ok(state.put_sealed(log, &value, &sealed)?)
        })?;
        Ok(commit.await?)
    }

    async fn get(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.kept(Table::Approvals, id.as_bytes())?;
        let Some((_, kept)) = kept.filter(|(shelved, _)| now.millis() < shelved.time) else {
            return Ok(None);
        };
        Ok(Some(kept.value()?.bytes.to_vec()))
    }

    async fn swap(
        &self,
        id: &str,
        expected: &[u8],
        record: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (swapped, commit) = self.engine().commit(|log, state| {
            let Some(shelved) = state.shelved(Table::Approvals, id.as_bytes()) else {
                return Ok(false);
            };
            if now.millis() >= shelved.time
                || state.value(log, &shelved)?.value()?.bytes != expected
            {
                return Ok(false);
            }
            state.put(log, &approval(id, &record, shelved.time))?;
            Ok::<_, Failure>(true)
        })?;
        commit.await?;
        Ok(swapped)
    }

    async fn take(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let (taken, commit) = self.engine().commit(|log, state| {
            let Some(shelved) = state.shelved(Table::Approvals, id.as_bytes()) else {
                return Ok(None);
            };
            let kept = state.value(log, &shelved)?;
            state.delete(log, Table::Approvals, id.as_bytes())?;
            let live = now.millis() < shelved.time;
            Ok::<_, Failure>(live.then_some(kept))
        })?;
        commit.await?;
        Ok(match taken {
            Some(kept) => Some(kept.value()?.bytes.to_vec()),
            None => None,
        })
    }

    async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        use core::ops::Bound::{Excluded, Included, Unbounded};
        let sources = self.engine().look(|inner| {
            let name = |id: &str| (Table::Approvals, id.as_bytes().to_vec());
            let from = after.map_or_else(|| Included(name("")), |id| Excluded(name(id)));
            let range = inner.tables.values.range((from, Unbounded));
            let mine = range.take_while(|((table, _), _)| *table == Table::Approvals);
            let live = mine.filter(|(_, kept)| now.millis() < kept.time).take(limit);
            live.map(|(_, kept)| Parts::of(&inner.log, kept)).collect::<Vec<_>>()
        })?;
        let read = sources.into_iter().map(|source| {
            let kept = source.ok_or(StoreError)?.read(self.sealer())?;
            let value = kept.value()?;
            let id = core::str::from_utf8(value.name).map_err(|_| StoreError)?;
            Ok((id.to_owned(), value.bytes.to_vec()))
        });
        read.collect()
    }
}

fn approval<'a>(id: &'a str, record: &'a [u8], expires: i64) -> Value<'a> {
    let table = Table::Approvals;
    Value { table, name: id.as_bytes(), version: 0, time: expires, bytes: record }
}

/// What stands in place of a grant that was taken away.
const REVOKED: &[u8] = b"";

fn grant_name(tenant: &TenantId, agent: &AgentId) -> Vec<u8> {
    name(&[tenant.as_str(), agent.as_str()])
}

impl EmbeddedStore {
    /// Stores what is made of a grant that was there before (none, or revoked), unless it is none.
    async fn regrant(
        &self,
        name: &[u8],
        change: impl FnOnce(Option<&[u8]>) -> Option<Vec<u8>> + Send,
    ) -> Result<bool, StoreError> {
        let (changed, commit) = self.engine().commit(|log, state| {
            let before = state.shelved(Table::Grants, name);
            let before = before.map(|before| state.value(log, &before)).transpose()?;
            let before = before.as_ref().map(Kept::value).transpose()?;
            let Some(grant) = change(before.map(|before| before.bytes)) else {
                return Ok::<_, Failure>(false);
            };
            let table = Table::Grants;
            state.put(log, &Value { table, name, version: 0, time: 0, bytes: &grant })?;
            Ok(true)
        })?;
        commit.await?;
        Ok(changed)
    }
}

#[async_trait]
impl GrantStore for EmbeddedStore {
    async fn get(&self, tenant: &TenantId, agent: &AgentId) -> Result<Option<Granted>, StoreError> {
        let name = grant_name(tenant, agent);
        let Some(shelved) = self.shelved(Table::Grants, &name)? else { return Ok(None) };
        if let Some(granted) = self.hot_grants.get(&name, shelved.place) {
            return Ok(Some(granted));
        }
        let Some((shelved, kept)) = self.kept(Table::Grants, &name)? else { return Ok(None) };
        let bytes = kept.value()?.bytes;
        if bytes == REVOKED {
            return Ok(None);
        }
        let value = countersign_canon::parse(bytes).map_err(|_| Failure::Damaged)?;
        let granted = Granted::from_value(&value).ok_or(Failure::Damaged)?;
        self.hot_grants.put(&name, shelved.place, bytes.len(), granted.clone());
        Ok(Some(granted))
    }

    async fn put(&self, tenant: &TenantId, grant: Granted) -> Result<(), StoreError> {
        let bytes = canonical(&grant);
        self.regrant(&grant_name(tenant, grant.agent()), |_| Some(bytes)).await?;
        Ok(())
    }

    async fn remove(&self, tenant: &TenantId, agent: &AgentId) -> Result<bool, StoreError> {
        let mut was = false;
        let remove = |before: Option<&[u8]>| {
            was = before.is_some_and(|before| before != REVOKED);
            was.then(|| REVOKED.to_vec())
        };
        self.regrant(&grant_name(tenant, agent), remove).await
    }

    async fn seed(&self, tenant: &TenantId, grant: Granted) -> Result<bool, StoreError> {
        let bytes = canonical(&grant);
        let seed = |before: Option<&[u8]>| (before != Some(REVOKED)).then_some(bytes);
        self.regrant(&grant_name(tenant, grant.agent()), seed).await
    }
}

fn canonical(grant: &Granted) -> Vec<u8> {
    grant.to_value().to_canonical().into_bytes()
}

#[async_trait]
impl SubjectCredentials for EmbeddedStore {
    async fn subject(&self, caller: &Caller) -> Result<SubjectToken, TokenError> {
        let name = name(&[caller.tenant().as_str(), caller.user().as_str()]);
        let kept = self.kept(Table::Subjects, &name).map_err(|_| TokenError::Transient)?;
        let (_, kept) = kept.ok_or(TokenError::LoginRequired)?;
        let value = kept.value().map_err(|_| TokenError::Transient)?.bytes;
        let (kind, text) = value.split_first().ok_or(TokenError::Transient)?;
        let text = core::str::from_utf8(text).map_err(|_| TokenError::Transient)?.to_owned();
        match kind {
            b'r' => Ok(SubjectToken::Refresh(RefreshToken::new(text))),
            b'a' => Ok(SubjectToken::Access(AccessToken::new(text))),
            _ => Err(TokenError::Transient),
        }
    }

    async fn remember(&self, caller: &Caller, token: SubjectToken) -> Result<(), TokenError> {
        let name = name(&[caller.tenant().as_str(), caller.user().as_str()]);
        let (kind, text) = match &token {
            SubjectToken::Refresh(token) => (b"r", token.expose()),
            SubjectToken::Access(token) => (b"a", token.expose()),
            // A kind that this crate cannot give back.
            _ => return Err(TokenError::Transient),
        };
        let bytes = Writer::with_room(1 + text.len()).raw(kind).raw(text.as_bytes()).end();
        let table = Table::Subjects;
        let value = Value { table, name: &name, version: 0, time: 0, bytes: &bytes };
        let sealed =
            self.sealer().seal(PUT, b"", value.encode()).map_err(|_| TokenError::Transient)?;
        let put = |log: &mut Log, state: &mut State| state.put_sealed(log, &value, &sealed);
        self.engine().change(put).map_err(|_: Failure| TokenError::Transient)
    }
}
