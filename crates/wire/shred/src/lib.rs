//! Turns events into Arrow record batches: one column per JSON path (spec siem §1).
//!
//! A batch has the fixed columns of [`fixed`] first, then one column for each path found in the
//! events of the batch:
//!
//! | in the event | column |
//! |---|---|
//! | `{"a":{"b":1}}` | `a.b` |
//! | `{"p":[1,2]}` | `p{}`, a list |
//! | `{"f":[{"s":1},{"s":2}]}` | `f{}.s`, a list |
//! | `{"m":[[1],[2]]}` | `m{}{}`, a list |
//!
//! The type of a column is chosen per batch. `Int64` and `Float64` are taken only where printing the
//! number gives back the very text of the event, so that no cell ever reads differently from what was
//! sent. A path that has several values in some row of the batch, and every array path, is
//! `List<Utf8>`; a list of one counts as that value, an absent value is null, a list is never empty.
//! Consumers that need one type per path over many batches use
//! [`unified_type`] and [`cast_to`].
//!
//! What is in the columns need not be stored a second time as text: see [`fold_raw`].

mod column;
mod json;
mod key_value;
mod limits;
mod shape;
mod shredder;
mod unify;

#[cfg(test)]
mod tests;

pub use datafusion::arrow;
pub use limits::Limits;
pub use shape::{SHAPE, fold_raw, unfold_raw};
pub use shredder::{BatchFull, Cuts, Row, Shredder, fixed};
pub use unify::{cast_to, unified_type};
