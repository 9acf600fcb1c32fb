//! What an expression can give, known before any row is seen.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};

/// The kind of a column or of an expression's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Always null.
    Null,
    /// A condition.
    Bool,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Text, which may read as a number.
    Text,
    /// One value or several.
    Multi,
    /// A point in time; reads as seconds since 1970.
    Time,
}

impl Kind {
    /// The kind of a column of this type; columns of types that events do not have are read as text.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Number,
            other if other.is_integer() => Self::Integer,
            DataType::Timestamp(..) => Self::Time,
            DataType::List(_) | DataType::LargeList(_) | DataType::ListView(_) => Self::Multi,
            _ => Self::Text,
        }
    }

    /// The kind that holds values of both.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Null, kind) | (kind, Self::Null) => kind,
            (Self::Multi, _) | (_, Self::Multi) => Self::Multi,
            (a, b) if a.is_number() && b.is_number() => Self::Number,
            _ => Self::Text,
        }
    }

    /// Whether every value is a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Number | Self::Time)
    }

    /// The type of a column that holds results of this kind.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Number | Self::Time => DataType::Float64,
            Self::Null | Self::Text => DataType::Utf8,
            Self::Multi => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        }
    }
}
