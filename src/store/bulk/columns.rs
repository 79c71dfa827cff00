//! Rows for `PostgreSQL` as columns: one array each, in its text form.
//!
//! However many rows there are, the statement is the same: it is parsed and planned once for a connection, and takes one
//! parameter a column. The arrays that `SeaORM` binds cannot hold NULL, hence the text. Vectors do not go like this:
//! writing and reading their numbers as text would cost more than it saves.

use std::fmt::Write as _;

use sea_orm::sea_query::{DynIden, Expr, ExprTrait, Func, InsertStatement, IntoIden, Query, Value};
use sea_orm::{ActiveModelTrait, ActiveValue, DbErr, EntityName, EntityTrait, Iterable};

use super::OwnColumn;

/// Whether the rows of a table, of which this is one, can be written as columns.
pub(super) fn can_hold<A: ActiveModelTrait>(row: &A) -> bool {
    <A::Entity as EntityTrait>::Column::iter()
        .all(|column| !matches!(row.get(column).into_value(), Some(Value::Vector(_))))
}

/// Returns the statement that inserts the rows, which set the same columns each.
pub(super) fn insert<A: ActiveModelTrait>(
    mut rows: Vec<A>,
    own_column: Option<OwnColumn>,
) -> Result<InsertStatement, DbErr> {
    let mut columns: Vec<DynIden> = Vec::new();
    let mut select = Query::select();
    for column in <A::Entity as EntityTrait>::Column::iter() {
        let mut array = Array::default();
        for row in &mut rows {
            if let ActiveValue::Set(value) | ActiveValue::Unchanged(value) = row.take(column) {
                array.push(&value)?;
            }
        }
        match array.len {
            0 => {}
            len if len == rows.len() => {
                columns.push(column.into_iden());
                select.expr(Func::cust("UNNEST").arg(array.into_expr()));
            }
            _ => return Err(DbErr::Type(format!("some rows set {column:?} and others do not"))),
        }
    }
    if let Some(OwnColumn { name, array: kind, values }) = own_column {
        let mut array = Array::default();
        for value in values {
            array.push_quoted(kind, value.as_deref());
        }
        columns.push(name.into_iden());
        select.expr(Func::cust("UNNEST").arg(array.into_expr()));
    }
    let mut statement = Query::insert();
    statement.into_table(A::Entity::default().table_ref()).columns(columns);
    statement.select_from(select).map_err(|error| DbErr::Query(sea_orm::RuntimeErr::Internal(error.to_string())))?;
    Ok(statement)
}

/// The values of one column.
#[derive(Default)]
struct Array {
    /// As an array is written, without the brace at the end.
    text: String,
    len: usize,
    /// The name of its type.
    kind: &'static str,
}

impl Array {
    fn push(&mut self, value: &Value) -> Result<(), DbErr> {
        self.separate();
        self.kind = match value {
            Value::Bool(value) => self.write("boolean[]", value.as_ref()),
            Value::SmallInt(value) => self.write("smallint[]", value.as_ref()),
            Value::Int(value) => self.write("integer[]", value.as_ref()),
            Value::BigInt(value) => self.write("bigint[]", value.as_ref()),
            Value::Decimal(value) => self.write("numeric[]", value.as_ref()),
            Value::ChronoDateTimeUtc(value) => {
                self.write_quoted("timestamptz[]", value.map(|time| time.to_rfc3339()).as_deref())
            }
            Value::String(value) => self.write_quoted("text[]", value.as_deref()),
            other => return Err(DbErr::Type(format!("no array of {other:?} is written"))),
        };
        Ok(())
    }

    fn push_quoted(&mut self, kind: &'static str, value: Option<&str>) {
        self.separate();
        self.kind = self.write_quoted(kind, value);
    }

    fn separate(&mut self) {
        self.text.push(if self.len == 0 { '{' } else { ',' });
        self.len += 1;
    }

    fn write(&mut self, kind: &'static str, value: Option<&impl std::fmt::Display>) -> &'static str {
        match value {
            // Writing to a string cannot fail.
            Some(value) => drop(write!(self.text, "{value}")),
            None => self.text.push_str("NULL"),
        }
        kind
    }

    fn write_quoted(&mut self, kind: &'static str, value: Option<&str>) -> &'static str {
        let Some(value) = value else {
            self.text.push_str("NULL");
            return kind;
        };
        self.text.push('"');
        for piece in value.split_inclusive(['"', '\\']) {
            match piece.strip_suffix(['"', '\\']) {
                Some(plain) => {
                    self.text.push_str(plain);
                    self.text.push('\\');
                    self.text.push_str(&piece[plain.len()..]);
                }
                None => self.text.push_str(piece),
            }
        }
        self.text.push('"');
        kind
    }

    fn into_expr(mut self) -> Expr {
        self.text.push('}');
        Expr::val(self.text).cast_as(self.kind)
    }
}

#[cfg(test)]
mod tests {
    use entity::{genre, movie_change};
    use sea_orm::{ActiveValue::Set, DbBackend};

    use super::*;

    fn change(old: Option<&str>, new: Option<&str>) -> movie_change::ActiveModel {
        movie_change::ActiveModel {
            movie_id: Set(7),
            old_value: Set(old.map(str::to_owned)),
            new_value: Set(new.map(str::to_owned)),
            ..Default::default()
        }
    }

    #[test]
    fn a_statement_has_one_parameter_a_column_however_many_rows() {
        let of = |rows: usize| {
            let statement = insert(vec![change(None, Some("x")); rows], None).expect("the rows set the same columns");
            DbBackend::Postgres.build(&statement)
        };
        let (one, many) = (of(1), of(90));
        assert_eq!(
            one.sql,
            r#"INSERT INTO "movie_changes" ("movie_id", "old_value", "new_value") SELECT UNNEST(CAST($1 AS bigint[])), UNNEST(CAST($2 AS text[])), UNNEST(CAST($3 AS text[]))"#
        );
        assert_eq!(one.sql, many.sql);
    }

    #[test]
    fn texts_keep_what_arrays_have_a_meaning_for() {
        let odd = [Some(""), None, Some("NULL"), Some(r#"a "quoted" \ path\"#), Some("{1,2}")];
        let rows = odd.map(|text| change(text, text)).to_vec();
        let statement = DbBackend::Postgres.build(&insert(rows, None).expect("the rows set the same columns"));
        let values = statement.values.expect("there are parameters").0;
        assert_eq!(values[0], Value::from("{7,7,7,7,7}"));
        assert_eq!(values[1], Value::from(r#"{"",NULL,"NULL","a \"quoted\" \\ path\\","{1,2}"}"#));
    }

    #[test]
    fn rows_that_set_different_columns_are_refused() {
        let named = genre::ActiveModel { name: Set("Drama".to_owned()), ..Default::default() };
        let numbered = genre::ActiveModel { id: Set(1), ..named.clone() };
        let refused = insert(vec![numbered, named], None).expect_err("one row has no id").to_string();
        assert!(refused.contains("some rows set Id"), "{refused}");
    }
}
