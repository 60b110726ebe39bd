//! How a configuration is written: tiers as letters, multipliers and severities as decimals.

use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A table by the names of its fields alone. Serde would read an array as a struct's fields in order.
pub(super) fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    struct Table<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Table<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }
    d.deserialize_map(Table(PhantomData))
}

/// A tier as its letter.
pub(super) mod letter {
    use countersign_core::Tier;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(tier: &Tier, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(tier.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Tier, D::Error> {
        let text = String::deserialize(d)?;
        Tier::parse(&text).ok_or_else(|| D::Error::custom("a tier is C, B, A or S"))
    }
}

/// Floors, joined with the defaults.
pub(super) mod floors {
    use std::collections::BTreeMap;

    use countersign_core::Tier;
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    struct Letter(#[serde(with = "super::letter")] Tier);

    pub(crate) fn serialize<S: Serializer>(
        floors: &BTreeMap<String, Tier>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_map(floors.iter().map(|(pattern, tier)| (pattern, tier.as_str())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<String, Tier>, D::Error> {
        let mut floors = crate::config::PolicyConfig::default().tool_floors;
        let given = BTreeMap::<String, Letter>::deserialize(d)?;
        floors.extend(given.into_iter().map(|(pattern, Letter(tier))| (pattern, tier)));
        Ok(floors)
    }
}

/// Money limits, joined with the defaults.
pub(super) mod money {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        limits: &BTreeMap<String, u64>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        limits.serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<String, u64>, D::Error> {
        let mut limits = crate::config::PolicyConfig::default().money;
        limits.extend(BTreeMap::<String, u64>::deserialize(d)?);
        Ok(limits)
    }
}

/// Severities, which an operator may write as decimals: rounded up to the next whole one.
pub(super) mod severities {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(
        severities: &BTreeMap<String, u8>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        severities.serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<String, u8>, D::Error> {
        let given = BTreeMap::<String, f64>::deserialize(d)?;
        let whole = |(pattern, value): (String, f64)| {
            let fits = (1u8..=5).find(|n| value <= f64::from(*n)).filter(|_| value >= 1.0);
            let severity = fits.ok_or_else(|| D::Error::custom("a severity is 1 to 5"))?;
            Ok((pattern, severity))
        };
        given.into_iter().map(whole).collect()
    }
}
