//! Genres, cast and torrents, whole and broken.

use super::*;

fn torrents(movie: &Fields<'_>, lost: &mut Vec<String>) -> Vec<Torrent> {
    let mut torrents = Vec::new();
    fill_torrents(&mut torrents, movie, lost).unwrap();
    torrents
}

fn fields(json: &str) -> Fields<'_> {
    Fields::read(json).unwrap()
}

#[test]
fn genres_are_kept_once_and_the_odd_ones_named() {
    let json = format!(r#"{{"genres":["Drama","","Sci-Fi","Drama",null," ",7,"{}"]}}"#, "x".repeat(101));
    let mut lost = Vec::new();
    assert_eq!(genres(&fields(&json), &mut lost).unwrap(), ["Drama", "Sci-Fi"]);
    assert_eq!(lost, ["genres[6]: not a text", "genres[7]: more than 100 bytes"]);
}

#[test]
fn a_list_of_another_type_is_named() {
    let mut lost = Vec::new();
    let fields = fields(r#"{"genres":"Drama","cast":{},"torrents":7}"#);
    assert!(genres(&fields, &mut lost).unwrap().is_empty());
    assert!(cast(&fields, &mut lost).unwrap().is_empty());
    assert!(torrents(&fields, &mut lost).is_empty());
    assert_eq!(lost, ["genres: not a list", "cast: not a list", "torrents: not a list"]);
}

#[test]
fn one_person_may_play_two_roles_but_none_twice() {
    let json = r#"{"cast":[
        {"name":"B. Second","character_name":"Twin","imdb_code":"0000246"},
        {"name":"A. First","character_name":"","imdb_code":""},
        {"name":"B. Second","character_name":"Other Twin","imdb_code":"0000246"},
        {"name":"B. Second","character_name":"Twin","imdb_code":"0000246"},
        {"name":"","character_name":"Nobody"}, null]}"#;
    let mut lost = Vec::new();
    let cast = cast(&fields(json), &mut lost).unwrap();
    let roles: Vec<_> = cast.iter().map(|role| (role.name.as_str(), role.character_name.as_deref())).collect();
    assert_eq!(roles, [("B. Second", Some("Twin")), ("A. First", None), ("B. Second", Some("Other Twin"))]);
    assert_eq!((cast[0].imdb_code.as_deref(), cast[1].imdb_code.as_deref()), (Some("0000246"), None));
    assert_eq!(lost, ["cast[4]: no name", "cast[5]: not an object"]);
}

#[test]
fn reads_torrents_of_every_age() {
    let json = r#"{"torrents":[
        {"url":"https://host.example/d/1","hash":"abcdef","quality":"1080p","type":"web","is_repack":"0",
         "video_codec":"x265","bit_depth":"10","audio_channels":"5.1","seeds":100,"peers":0,"size":"1.4 GB",
         "size_bytes":1503238554,"date_uploaded_unix":1446336000},
        {"hash":"012345","quality":"720p","seeds":"7","peers":-1,"size_bytes":-1}]}"#;
    let mut lost = Vec::new();
    let torrents = torrents(&fields(json), &mut lost);
    let recent = &torrents[0];
    assert_eq!((recent.hash.as_str(), recent.kind.as_deref(), recent.is_repack), ("ABCDEF", Some("web"), Some(false)));
    assert_eq!((recent.bit_depth.as_deref(), recent.audio_channels.as_deref()), (Some("10"), Some("5.1")));
    assert_eq!((recent.seeds, recent.peers, recent.size_bytes), (Some(100), Some(0), Some(1_503_238_554)));
    let quality = Some("720p".to_owned());
    let old = Torrent { hash: "012345".to_owned(), quality, seeds: Some(7), ..Torrent::default() };
    assert_eq!((&torrents[1], lost.len()), (&old, 0));
}

#[test]
fn torrents_with_the_same_hash_become_one() {
    let json = r#"{"torrents":[{"hash":"aa","seeds":1},{"hash":"bb"},{"hash":"AA","seeds":2,"quality":"3D"}]}"#;
    let torrents = torrents(&fields(json), &mut Vec::new());
    assert_eq!(torrents.iter().map(|torrent| torrent.hash.as_str()).collect::<Vec<_>>(), ["AA", "BB"]);
    assert_eq!((torrents[0].seeds, torrents[0].quality.as_deref()), (Some(1), Some("3D")));
}

#[test]
fn torrents_without_a_hash_are_named() {
    let json = r#"{"torrents":[{"quality":"720p"},{"hash":""},{"hash":"\ud800"},7,{"hash":"cc"}]}"#;
    let mut lost = Vec::new();
    assert_eq!(torrents(&fields(json), &mut lost).len(), 1);
    assert_eq!((lost.len(), lost[0].as_str(), lost[1].as_str()), (4, "torrents[0]: no hash", "torrents[1]: no hash"));
}

#[test]
fn what_is_known_of_torrents_stands() {
    let mut known = torrents(&fields(r#"{"torrents":[{"hash":"aa","seeds":1},{"hash":"bb"}]}"#), &mut Vec::new());
    let later = r#"{"torrents":[{"hash":"AA","seeds":2,"peers":3},{"hash":"cc"},{"hash":"bb","url":"\ud800"}]}"#;
    let mut lost = Vec::new();
    fill_torrents(&mut known, &fields(later), &mut lost).unwrap();
    assert_eq!(known.iter().map(|torrent| torrent.hash.as_str()).collect::<Vec<_>>(), ["AA", "BB", "CC"]);
    assert_eq!((known[0].seeds, known[0].peers), (Some(1), Some(3)));
    assert!(lost.len() == 1 && lost[0].starts_with("torrents[2]: url"), "{lost:?}");
}
