//! How fields are written one after the other: numbers little-endian, texts and bytes after their
//! length in four bytes.

use countersign_core::{
    AgentId, Caller, Digest, LedgerCall, SessionId, TenantId, Tier, ToolName, UserId,
};
use zeroize::Zeroizing;

use crate::seal::{Plain, SALT, TAG};

/// Writes fields. What is written may be secret.
#[derive(Default)]
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// With room for so many bytes: a buffer that grows leaves copies behind.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    /// For what is sealed in place: with room for so many bytes, and for what stands before and behind.
    pub(crate) fn to_be_sealed(bytes: usize) -> Self {
        Self::with_room(SALT.saturating_add(bytes).saturating_add(TAG)).number([0; SALT])
    }

    /// Ends what began by [`Writer::to_be_sealed`].
    pub(crate) fn plain(self) -> Plain {
        Plain::after_the_salt(self.0)
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn number<const N: usize>(self, little_endian: [u8; N]) -> Self {
        self.raw(&little_endian)
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.number(length.to_le_bytes()).raw(bytes)
    }

    pub(crate) fn end(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// Reads fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn long(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Who asked for what, as it is sealed.
pub(crate) fn write_call(caller: &Caller, call: Option<&LedgerCall>) -> Plain {
    let texts = [
        caller.tenant().as_str(),
        caller.user().as_str(),
        caller.agent().as_str(),
        caller.session().as_str(),
    ];
    let chain = caller.chain();
    let chained = chain.iter().map(AgentId::as_str);
    let room: usize = texts.into_iter().chain(chained).map(|text| text.len() + 4).sum();
    let of_call = |call: &LedgerCall| {
        80 + call.tool.as_str().len() + call.tier.as_str().len() + call.prepared.len()
    };
    let mut out = Writer::to_be_sealed(room + 2 + call.map_or(0, of_call));
    for text in texts {
        out = out.bytes(text.as_bytes());
    }
    out = out.number([u8::try_from(chain.len()).unwrap_or(u8::MAX)]);
    for agent in chain {
        out = out.bytes(agent.as_str().as_bytes());
    }
    let Some(call) = call else { return out.number([0]).plain() };
    out.number([1])
        .bytes(call.tool.as_str().as_bytes())
        .raw(call.effect.as_bytes())
        .raw(call.approval.as_bytes())
        .bytes(call.tier.as_str().as_bytes())
        .bytes(&call.prepared)
        .plain()
}

/// Reads what [`write_call`] wrote.
pub(crate) fn read_call(bytes: &[u8]) -> Option<(Caller, Option<LedgerCall>)> {
    let mut from = Reader::new(bytes);
    let caller = Caller::dangerous_assert(
        TenantId::new(from.text()?).ok()?,
        UserId::new(from.text()?).ok()?,
        AgentId::new(from.text()?).ok()?,
        SessionId::new(from.text()?).ok()?,
    );
    let chain = (0..from.byte()?).map(|_| AgentId::new(from.text()?).ok());
    let caller = caller.with_chain(chain.collect::<Option<_>>()?).ok()?;
    let call = match from.byte()? {
        0 => None,
        1 => Some(LedgerCall {
            tool: ToolName::new(from.text()?).ok()?,
            effect: Digest::from_bytes(from.array()?),
            approval: Digest::from_bytes(from.array()?),
            tier: Tier::parse(from.text()?)?,
            prepared: from.bytes()?.to_vec(),
        }),
        _ => return None,
    };
    from.end()?;
    Some((caller, call))
}
