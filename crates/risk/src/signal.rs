//! The stable codes of what this policy finds.

/// The least tier of every call that is not a read.
pub const EFFECT_FLOOR: &str = "effect_floor";
/// A floor of the tool's own, or of the configuration.
pub const TOOL_FLOOR: &str = "tool_floor";
/// One call goes to many, or to all.
pub const BULK_TARGETS: &str = "bulk_targets";
/// Many different calls of one changing tool in a short time.
pub const BULK_VELOCITY: &str = "bulk_velocity";
/// Many private answers were read before something goes out.
pub const BULK_READS: &str = "bulk_reads";
/// Text that one service returned goes to another.
pub const CROSS_SERVICE: &str = "cross_service";
/// It goes to somebody whom neither the user nor a trusted record named.
pub const UNNAMED_SINK: &str = "unnamed_sink";
/// Validated card numbers or IBANs in the content.
pub const PII: &str = "pii";
/// A live token in what would be sent.
pub const SECRET_IN_ARGUMENTS: &str = "secret_in_arguments";
/// Invisible or reordering characters in an address.
pub const HIDDEN_CHARACTERS: &str = "hidden_characters";
/// More than is scanned.
pub const NOT_SCANNED: &str = "not_scanned";
/// The session read more than is kept whole, so contents were compared with a sample.
pub const MEMORY_SAMPLED: &str = "memory_sampled";
