//! Questions by a movie: which one a name means, what is like it, and what is not liked.
//!
//! Questions in words are in `words`.

use yts_ingest::search::{Error, Mode};

use super::plots::{catalogue, delete_vectors};
use super::query;
use crate::support::database::Database;

on_both!(
    likeness_gives_reasons_and_leaves_the_movie_out,
    what_is_not_liked_is_further_away,
    a_movie_named_twice_counts_once_and_none_liked_is_like_nothing,
    a_movie_is_named_by_id_code_or_title,
    without_vectors_the_remedy_is_named,
);

async fn likeness_gives_reasons_and_leaves_the_movie_out(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let like = catalogue.similar("5", 10).await.expect("an answer");
    assert_eq!(like.to[0].id, 5);
    assert_eq!(like.hits.len(), 6);
    assert!(like.hits.iter().all(|hit| hit.movie.id != 5));
    assert_eq!((like.hits[0].movie.id, like.hits[0].reason.shared_genres.as_slice()), (7, &["Sci-Fi".to_owned()][..]));
    assert!(like.hits.windows(2).all(|pair| pair[0].closeness >= pair[1].closeness));
    let like = catalogue.similar("dark harbour", 10).await.expect("an answer");
    let amelie = like.hits.iter().find(|hit| hit.movie.id == 1).expect("all are there");
    assert_eq!(amelie.reason.shared_cast, ["Audrey Tautou"]);
    assert_eq!(amelie.reason.like, "Dark Harbour (1999)");
}

async fn what_is_not_liked_is_further_away(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let names = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let liked = catalogue.recommend(&names(&[2, 3]), &[], 10).await.expect("an answer");
    let unliked = catalogue.recommend(&names(&[2, 3]), &names(&[4]), 10).await.expect("an answer");
    assert!(liked.hits.iter().all(|hit| ![2, 3].contains(&hit.movie.id)));
    assert!(unliked.hits.iter().all(|hit| ![2, 3, 4].contains(&hit.movie.id)));
    assert_eq!((liked.hits.len(), unliked.hits.len()), (5, 4));
}

async fn a_movie_named_twice_counts_once_and_none_liked_is_like_nothing(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    let none = catalogue.recommend(&[], &["3".to_owned()], 10).await.expect("an answer");
    assert!(none.to.is_empty() && none.hits.is_empty());
    let once = catalogue.recommend(&["2".to_owned(), "3".to_owned()], &[], 10).await.expect("an answer");
    let names = ["2", "3", "the quiet lighthouse", "2"].map(str::to_owned);
    let twice = catalogue.recommend(&names, &[], 10).await.expect("an answer");
    assert_eq!((twice.to.len(), once.hits.len()), (2, 5));
    assert_eq!(twice, once);
}

async fn a_movie_is_named_by_id_code_or_title(database: &Database) {
    let (_, catalogue) = catalogue(database).await;
    for (name, expected) in
        [("3", 3), ("tt0000004", 4), ("QUIET LIGHTHOUSE, the!", 0), ("the quiet lighthouse", 2), ("Orbital (1988)", 7)]
    {
        let found = catalogue.show(name).await.map_or(0, |details| details.movie.id);
        assert_eq!(found, expected, "{name}");
    }
    let Err(Error::Ambiguous { candidates, .. }) = catalogue.show("orbital").await else { panic!("it is not clear") };
    assert_eq!(candidates, ["5 Orbital (2015)", "7 Orbital (1988)"]);
    let Err(Error::Ambiguous { candidates, .. }) = catalogue.show("lighthose").await else { panic!("it is not clear") };
    assert_eq!(candidates, ["2 The Quiet Lighthouse (1996)"]);
    assert!(matches!(catalogue.show("xyzzyx").await, Err(Error::NotFound { .. })));
}

async fn without_vectors_the_remedy_is_named(database: &Database) {
    let (store, catalogue) = catalogue(database).await;
    delete_vectors(&store).await;
    let by_meaning = catalogue.search(&query("a ship", Mode::Vector)).await.map(|_| ());
    let similar = catalogue.similar("5", 10).await.map(|_| ());
    let recommended = catalogue.recommend(&["5".to_owned()], &["3".to_owned()], 10).await.map(|_| ());
    for answer in [by_meaning, similar, recommended] {
        let error = answer.expect_err("there is nothing to compare with");
        assert!(matches!(error, Error::NoVectors { .. }) && error.to_string().contains("yts-catalog embed"), "{error}");
    }
    let answer = catalogue.search(&query("the quiet lighthouse", Mode::Hybrid)).await.expect("an answer by words");
    assert_eq!((answer.mode, answer.hits[0].movie.id), (Mode::Text, 2));
}
