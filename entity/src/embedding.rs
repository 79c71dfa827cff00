//! The one column type that differs between the databases: a pgvector `vector` or a blob of little-endian `f32`.
//!
//! Turning a vector into a value never sees the database, and pgvector's value panics on `SQLite`; so the writer
//! chooses the form, by [`Embedding::new`].

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbBackend, QueryResult, TryGetError, TryGetable, prelude::PgVector};

/// A vector in the form that the database at hand stores.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedding {
    /// For `PostgreSQL`.
    Vector(PgVector),
    /// For `SQLite`: little-endian `f32`.
    Blob(Vec<u8>),
}

impl Embedding {
    /// Brings a vector into the form that the database stores.
    #[must_use]
    pub fn new(backend: DbBackend, vector: &[f32]) -> Self {
        match backend {
            DbBackend::Postgres => Self::Vector(PgVector::from(vector.to_vec())),
            _ => Self::Blob(vector.iter().flat_map(|value| value.to_le_bytes()).collect()),
        }
    }

    /// Returns the vector's numbers.
    #[must_use]
    pub fn to_vec(&self) -> Vec<f32> {
        match self {
            Self::Vector(vector) => vector.to_vec(),
            Self::Blob(bytes) => bytes
                .chunks_exact(size_of::<f32>())
                .map(|chunk| f32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]))
                .collect(),
        }
    }
}

impl From<Embedding> for Value {
    fn from(embedding: Embedding) -> Self {
        match embedding {
            Embedding::Vector(vector) => vector.into(),
            Embedding::Blob(bytes) => bytes.into(),
        }
    }
}

impl TryGetable for Embedding {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match PgVector::try_get_by(row, index) {
            Ok(vector) => Ok(Self::Vector(vector)),
            Err(TryGetError::Null(column)) => Err(TryGetError::Null(column)),
            Err(TryGetError::DbErr(_)) => Vec::<u8>::try_get_by(row, index).map(Self::Blob),
        }
    }
}

impl ValueType for Embedding {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Vector(Some(vector)) => Ok(Self::Vector(vector)),
            Value::Bytes(Some(bytes)) => Ok(Self::Blob(bytes)),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Embedding".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Bytes
    }

    fn column_type() -> ColumnType {
        ColumnType::Blob
    }
}

impl Nullable for Embedding {
    fn null() -> Value {
        Value::Bytes(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_same_numbers() {
        let numbers = [0.5_f32, -1.25, f32::MIN_POSITIVE];
        for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
            assert_eq!(Embedding::new(backend, &numbers).to_vec(), numbers);
        }
    }
}
