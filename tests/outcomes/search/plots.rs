//! A catalogue of seven movies, each with its vector: small enough to say of every question what the answer is.

use entity::embedding::Embedding;
use entity::{movie, movie_embedding};
use sea_orm::{ActiveValue::Set, EntityTrait};
use yts_ingest::embed::{StaticModel, text_hash, text_of};
use yts_ingest::movie::{CastMember, Movie, Torrent};
use yts_ingest::search::Catalogue;
use yts_ingest::store::Store;

use crate::support::database::Database;

pub(super) struct Plot {
    id: i32,
    title: &'static str,
    year: i32,
    genres: &'static [&'static str],
    cast: &'static [&'static str],
    pub(super) about: &'static str,
}

pub(super) const PLOTS: [Plot; 7] = [
    Plot {
        id: 1,
        title: "Le Fabuleux Destin d'Amélie Poulain",
        year: 2001,
        genres: &["Comedy", "Romance"],
        cast: &["Audrey Tautou", "Mathieu Kassovitz"],
        about: "A shy waitress in Montmartre decides to change the lives of those around her for the better.",
    },
    Plot {
        id: 2,
        title: "The Quiet Lighthouse",
        year: 1996,
        genres: &["Drama", "Mystery"],
        cast: &["Søren Bjørnsen"],
        about: "A keeper on a remote island hears voices through the fog. Ships that answer them never arrive.",
    },
    Plot {
        id: 3,
        title: "Dark Harbour",
        year: 1999,
        genres: &["Crime", "Drama"],
        cast: &["Audrey Tautou"],
        about: "Smugglers in a port town fall out over a lost cargo while a detective closes in.",
    },
    Plot {
        id: 4,
        title: "Harbour of the Dark Moon",
        year: 2010,
        genres: &["Fantasy"],
        cast: &[],
        about: "A young witch sails to the kingdom of dragons to free her sleeping brother.",
    },
    Plot {
        id: 5,
        title: "Orbital",
        year: 2015,
        genres: &["Sci-Fi"],
        cast: &["Chiwetel Obi"],
        about: "The crew of a space station loses contact with Earth and must repair their ship alone.",
    },
    Plot {
        id: 6,
        title: "Straße ohne Ende",
        year: 1962,
        genres: &["Drama"],
        cast: &["Łucja Żak"],
        about: "Two truck drivers cross a continent with a load that may explode at any moment.",
    },
    Plot {
        id: 7,
        title: "Orbital",
        year: 1988,
        genres: &["Sci-Fi", "Thriller"],
        cast: &[],
        about: "Astronauts on a failing spacecraft discover that one of them is not who he claims to be.",
    },
];

pub(super) fn movie_of(plot: &Plot) -> Movie {
    let member = |name: &&str| CastMember { name: (*name).to_owned(), ..CastMember::default() };
    Movie {
        external_id: plot.id,
        imdb_code: Some(format!("tt00000{:02}", plot.id)),
        title: Some(plot.title.to_owned()),
        year: Some(plot.year),
        rating: Some(f64::from(plot.id)),
        language: Some(if plot.id == 1 { "fr" } else { "en" }.to_owned()),
        genres: plot.genres.iter().map(|name| (*name).to_owned()).collect(),
        cast: plot.cast.iter().map(member).collect(),
        torrents: vec![Torrent {
            hash: format!("HASH{}", plot.id),
            quality: Some(if plot.id % 2 == 0 { "720p" } else { "1080p" }.to_owned()),
            ..Torrent::default()
        }],
        description_full: Some(plot.about.to_owned()),
        ..Movie::default()
    }
}

/// Gives every movie its vector by the built-in model.
pub(super) async fn embed_all(store: &Store) {
    let model = StaticModel::load().expect("the built-in model");
    let movies = movie::Entity::load().with(entity::genre::Entity).all(store.db()).await.expect("movies can be read");
    let rows = movies.iter().filter_map(|movie| {
        let genres: Vec<String> = movie.genres.iter().map(|genre| genre.name.clone()).collect();
        let text = text_of(&movie.title, &genres, movie.description_full.as_deref());
        let vector = model.embed_one(&text)?;
        Some(movie_embedding::ActiveModel {
            movie_id: Set(movie.id),
            model: Set(model.model_id().to_owned()),
            text_hash: Set(text_hash(&text)),
            embedding: Set(Embedding::new(store.db().get_database_backend(), &vector)),
        })
    });
    let rows: Vec<_> = rows.collect();
    delete_vectors(store).await;
    movie_embedding::Entity::insert_many(rows).exec(store.db()).await.expect("vectors can be saved");
}

/// Takes all vectors away.
pub(super) async fn delete_vectors(store: &Store) {
    movie_embedding::Entity::delete_many().exec(store.db()).await.expect("vectors can be deleted");
}

/// Fills a database with the plots and opens it.
pub(super) async fn catalogue(database: &Database) -> (Store, Catalogue) {
    let store = database.store().await;
    for plot in &PLOTS {
        store.save_movie(&movie_of(plot)).await.expect("a movie is saved");
    }
    embed_all(&store).await;
    let catalogue = Catalogue::open(&store, None).await.expect("the catalogue opens");
    (store, catalogue)
}
