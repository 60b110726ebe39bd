//! Values as a tree: for programs that put documents together or pick them apart
//!
//! Behind the feature `value`: the security kernel is built without it.

mod number;
mod object;
mod value;

pub use number::{IntegerRangeError, Number};
pub use object::Object;
pub use value::{Value, parse};
