//! What makes a call S by itself: money over a limit, irreversible destruction of what others use,
//! a change of authority.

use countersign_core::{Effect, Finding, Role, Tier, Tool, Weight};

use super::Call;
use super::effects;
use crate::arguments::{Kind, Leaf};
use crate::signal;

/// Money over the limit of its currency: in this call, or together with what the session moved within
/// the window before. A currency without a limit is over every limit; an amount without a currency is
/// held against the lowest limit there is.
pub(super) fn money(call: &Call<'_>) -> Option<Finding> {
    let money = effects::money(call.arguments, call.tool)?;
    // Of several currencies it may be any.
    let said = effects::currencies(call.arguments);
    let without = said.iter().any(|said| call.config.money_limit(*said).is_none());
    let limit = call.config.money_limit(money.currency).filter(|_| !without);
    let moved = call.before(money.currency).map_or(u64::MAX, |before| before.moved);
    let leaf = call
        .arguments
        .leaves
        .iter()
        .find(|leaf| leaf.role == Role::Amount && leaf.kind != Kind::Key);
    let path = leaf.map(|leaf| call.arguments.path(leaf)).unwrap_or_default();
    let evidence = match limit {
        None => "it moves money in a currency without a limit".to_owned(),
        Some(limit) if money.amount >= limit => {
            format!("it moves money from the limit of {} on", limit.div_euclid(100))
        }
        Some(limit) if moved.saturating_add(money.amount) >= limit => format!(
            "together with what was moved before it reaches the limit of {}",
            limit.div_euclid(100)
        ),
        Some(_) => return None,
    };
    Some(Finding::new(signal::MONEY_LIMIT, "LLM06", evidence, Weight::Floor(Tier::S)).at(path))
}

/// Things whose loss is not the user's alone.
const SHARED: &str = "repository repo database cluster environment organization organisation \
                      workspace project bucket namespace tenant table volume vault domain deployment";

/// Words by which people name what others rely on.
const PRODUCTION: &str =
    "prod production live main master release shared public everyone company team";

/// Roles that give power on.
const POWER: &str = "owner owners admin admins administrator administrators administratoraccess superuser \
                     superadmin super_admin root org:admin";

/// Whether every call of the tool destroys something shared for good, or changes authority.
pub(crate) fn of_tool(tool: &Tool) -> Option<Finding> {
    let severe = tool.severity() == 5;
    let name = tool.name().as_str();
    let shared = || name.split('_').any(|word| is_one_of(SHARED, word));
    let evidence = match tool.effect() {
        Effect::Destructive if severe && shared() => "it destroys for good what others use too",
        Effect::Credential if severe => "it changes a credential, a scope or a permission",
        _ => return None,
    };
    Some(Finding::new(signal::IRREVERSIBLE, "LLM06", evidence, Weight::Floor(Tier::S)))
}

/// The arguments say that something shared or in production is destroyed for good.
pub(super) fn destruction(call: &Call<'_>) -> Option<Finding> {
    if call.tool.effect() != Effect::Destructive || call.severity < 5 {
        return None;
    }
    let word = |text: &str| {
        let between = |c: char| !c.is_alphanumeric();
        text.split(between).any(|word| is_one_of(PRODUCTION, &word.to_lowercase()))
    };
    let mut leaves = call.arguments.leaves.iter().filter(|leaf| {
        matches!(leaf.role, Role::Target | Role::Url | Role::Plain) && leaf.text.len() <= 512
    });
    let leaf = leaves.find(|leaf| leaf.kind != Kind::Key && word(leaf.text))?;
    let evidence = "it destroys for good what is shared or in production";
    let found = Finding::new(signal::IRREVERSIBLE, "LLM06", evidence, Weight::Floor(Tier::S));
    Some(found.at(call.arguments.path(leaf)))
}

/// The arguments give somebody the power to give power on: an owner, an administrator.
pub(super) fn authority(call: &Call<'_>) -> Option<Finding> {
    if call.tool.effect() != Effect::Credential {
        return None;
    }
    let power = |word: &str| is_one_of(POWER, &word.to_lowercase());
    let grants = |leaf: &Leaf<'_>| {
        // Prose speaks of administrators without making one.
        if leaf.role == Role::FreeText {
            return power(leaf.text.trim());
        }
        // `roles/owner`, `org_admin`, `Super Admin`
        let between = |c: char| !c.is_alphanumeric();
        let text = leaf.text.trim();
        text.len() <= 128 && text.split(between).any(power)
    };
    let mut leaves = call.arguments.leaves.iter().filter(|leaf| {
        leaf.kind == Kind::Text && matches!(leaf.role, Role::Plain | Role::FreeText | Role::Target)
    });
    let leaf = leaves.find(|leaf| grants(leaf))?;
    let evidence = "it makes somebody an owner or administrator";
    let found = Finding::new(signal::IRREVERSIBLE, "ASI03", evidence, Weight::Floor(Tier::S));
    Some(found.at(call.arguments.path(leaf)))
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}
