//! Cast members: gets them or creates them, many at once. One row a person, by IMDb code where there is one, else by name.

use std::collections::{BTreeMap, HashMap};

use entity::cast;
use sea_orm::sea_query::{Expr, Func, OnConflict};
use sea_orm::{ActiveValue::Set, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{Error, bulk, dialect};
use crate::movie::CastMember;

const DOING: &str = "get or create cast members";

/// What makes a person one. Sorted, so that two transactions never wait for each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum PersonKey {
    /// IMDb person code.
    Code(String),
    /// Name, of a person without a code.
    Name(String),
}

impl PersonKey {
    pub(super) fn of(member: &CastMember) -> Self {
        match &member.imdb_code {
            Some(code) => Self::Code(code.clone()),
            None => Self::Name(member.name.clone()),
        }
    }

    pub(super) fn of_row(row: &cast::Model) -> Self {
        match &row.imdb_code {
            Some(code) => Self::Code(code.clone()),
            None => Self::Name(row.name.clone()),
        }
    }
}

/// What to do where a person's portrait is known and another one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Portrait {
    /// Keep the known one.
    Keep,
    /// Take the new one.
    Replace,
}

/// Returns the ids of the persons, creating those that are missing and filling in portraits that were unknown.
pub(super) async fn get_or_create<'a>(
    connection: &impl ConnectionTrait,
    members: impl Iterator<Item = &'a CastMember>,
    portrait: Portrait,
) -> Result<HashMap<PersonKey, i64>, Error> {
    let wanted = distinct(members);
    let known = find(connection, &wanted).await.map_err(Error::doing(DOING))?;
    let mut ids: HashMap<PersonKey, i64> = known.iter().map(|(key, row)| (key.clone(), row.id)).collect();
    let (mut by_code, mut by_name) = (Vec::new(), Vec::new());
    for (key, member) in wanted {
        if known.get(&key).is_some_and(|row| !needs_writing(row, &member, portrait)) {
            continue;
        }
        let rows = if matches!(key, PersonKey::Code(_)) { &mut by_code } else { &mut by_name };
        rows.push(row_of(member));
    }
    let code =
        OnConflict::column(cast::Column::ImdbCode).target_and_where(cast::COLUMN.imdb_code.is_not_null()).to_owned();
    ids.extend(upsert(connection, by_code, code, portrait).await.map_err(Error::doing(DOING))?);
    let name = OnConflict::column(cast::Column::Name).target_and_where(cast::COLUMN.imdb_code.is_null()).to_owned();
    ids.extend(upsert(connection, by_name, name, portrait).await.map_err(Error::doing(DOING))?);
    Ok(ids)
}

/// Returns one entry a person, with the portrait of whichever entry has one.
fn distinct<'a>(members: impl Iterator<Item = &'a CastMember>) -> BTreeMap<PersonKey, CastMember> {
    let mut persons = BTreeMap::<PersonKey, CastMember>::new();
    for member in members {
        let person = persons.entry(PersonKey::of(member)).or_insert_with(|| member.clone());
        if person.url_small_image.is_none() {
            person.url_small_image.clone_from(&member.url_small_image);
        }
    }
    persons
}

async fn find(
    connection: &impl ConnectionTrait,
    wanted: &BTreeMap<PersonKey, CastMember>,
) -> Result<HashMap<PersonKey, cast::Model>, DbErr> {
    let backend = connection.get_database_backend();
    let (mut codes, mut names) = (Vec::new(), Vec::new());
    for key in wanted.keys() {
        match key {
            PersonKey::Code(code) => codes.push(code.clone()),
            PersonKey::Name(name) => names.push(name.clone()),
        }
    }
    let mut found = HashMap::with_capacity(wanted.len());
    let by_code = codes
        .chunks(bulk::MAX_KEYS)
        .map(|keys| Condition::all().add(dialect::is_any_of(backend, cast::Column::ImdbCode, keys)));
    let by_name = names.chunks(bulk::MAX_KEYS).map(|keys| {
        let without_code = cast::COLUMN.imdb_code.is_null();
        Condition::all().add(without_code).add(dialect::is_any_of(backend, cast::Column::Name, keys))
    });
    for condition in by_code.chain(by_name) {
        let rows = cast::Entity::find().filter(condition).all(connection).await?;
        found.extend(rows.into_iter().map(|row| (PersonKey::of_row(&row), row)));
    }
    Ok(found)
}

fn needs_writing(row: &cast::Model, member: &CastMember, portrait: Portrait) -> bool {
    match (&row.url_small_image, &member.url_small_image) {
        (None, Some(_)) => true,
        (Some(known), Some(new)) => portrait == Portrait::Replace && known != new,
        (_, None) => false,
    }
}

fn row_of(member: CastMember) -> cast::ActiveModel {
    cast::ActiveModel {
        name: Set(member.name),
        imdb_code: Set(member.imdb_code),
        url_small_image: Set(member.url_small_image),
        ..Default::default()
    }
}

/// Inserts persons; one who is there already, since another transaction was faster, keeps the name and what is known.
async fn upsert(
    connection: &impl ConnectionTrait,
    rows: Vec<cast::ActiveModel>,
    mut on_conflict: OnConflict,
    portrait: Portrait,
) -> Result<Vec<(PersonKey, i64)>, DbErr> {
    let known = Expr::col((cast::Entity, cast::Column::UrlSmallImage));
    let new = Expr::col(("excluded", cast::Column::UrlSmallImage));
    let order = if portrait == Portrait::Keep { [known, new] } else { [new, known] };
    on_conflict.value(cast::Column::UrlSmallImage, Func::coalesce(order));
    let columns = [cast::Column::Id, cast::Column::ImdbCode, cast::Column::Name];
    let returned = bulk::insert_returning(connection, rows, None, &on_conflict, &columns).await?;
    let keyed = returned.iter().map(|row| {
        let code: Option<String> = row.try_get("", "imdb_code")?;
        let key = match code {
            Some(code) => PersonKey::Code(code),
            None => PersonKey::Name(row.try_get("", "name")?),
        };
        Ok((key, row.try_get("", "id")?))
    });
    keyed.collect()
}
