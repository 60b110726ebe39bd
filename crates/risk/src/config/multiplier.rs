//! What signals multiply a severity by, in halves.

use countersign_canon::Object;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A multiplier: 1.0, 1.5, 2.0 or 2.5. Anything between is rounded up to the next half, so that no
/// score falls between two tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Multiplier(u8);

impl Multiplier {
    /// The multiplier that adds so many halves, at most [`MAX_HALVES`](crate::MAX_HALVES).
    pub fn from_halves(halves: u8) -> Self {
        Self(halves.min(crate::MAX_HALVES))
    }

    /// What it adds to 1.0, in halves: 0 to 3.
    pub fn halves(self) -> u8 {
        self.0
    }
}

impl Serialize for Multiplier {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let value = match self.0 {
            0 => 1.0,
            1 => 1.5,
            2 => 2.0,
            _ => 2.5,
        };
        s.serialize_f64(value)
    }
}

impl<'de> Deserialize<'de> for Multiplier {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(d)?;
        let steps = [(1.0, 0), (1.5, 1), (2.0, 2), (2.5, 3)];
        let step = steps.iter().find(|(most, _)| value <= *most).filter(|_| value >= 1.0);
        step.map(|(_, halves)| Self(*halves))
            .ok_or_else(|| D::Error::custom("a multiplier is 1.0 to 2.5"))
    }
}

/// What each kind of signal multiplies the severity by. Several add up: `1 + min(1.5, sum of (m - 1))`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Multipliers {
    /// Personal data in the content. Default 1.5.
    pub pii: Multiplier,
    /// Text that another service returned. Default 2.0.
    pub cross_service: Multiplier,
    /// Somebody or something that nobody named. Default 2.0.
    pub unnamed_sink: Multiplier,
    /// Much at once, or much in a short time. Default 2.5.
    pub bulk: Multiplier,
}

impl Default for Multipliers {
    fn default() -> Self {
        Self {
            pii: Multiplier(1),
            cross_service: Multiplier(2),
            unnamed_sink: Multiplier(2),
            bulk: Multiplier(3),
        }
    }
}

impl Multipliers {
    pub(super) fn to_value(&self) -> Object {
        Object::new()
            .with("bulk", self.bulk.0)
            .with("cross_service", self.cross_service.0)
            .with("pii", self.pii.0)
            .with("unnamed_sink", self.unnamed_sink.0)
    }
}
