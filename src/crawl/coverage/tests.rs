//! The verdict on lists that stand still, grow, shrink and do both while they are read.

use super::*;

fn reading(page: i32, movie_count: i64, external_ids: impl IntoIterator<Item = i32>) -> PageReading {
    PageReading { page, pass: 1, movie_count, external_ids: external_ids.into_iter().collect() }
}

#[test]
fn an_unchanged_list_is_covered_by_one_reading_of_each_page() {
    let readings = [reading(1, 6, [9, 8, 7]), reading(2, 6, [6, 5, 4])];
    assert_eq!(judge(&readings, 3, true), Verdict::Covered);
}

#[test]
fn the_top_is_read_once_more_where_something_was_new() {
    let mut readings = vec![reading(1, 6, [9, 8, 7]), reading(2, 6, [6, 5, 4])];
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1]));
    readings.push(reading(1, 6, [9, 8, 7]));
    assert_eq!(judge(&readings, 3, false), Verdict::Covered);
}

#[test]
fn a_movie_that_came_in_is_told_by_the_overlap() {
    let readings = [reading(1, 6, [9, 8, 7]), reading(2, 7, [7, 6, 5]), reading(3, 7, [4]), reading(1, 7, [10, 9, 8])];
    assert_eq!(judge(&readings, 3, false), Verdict::Covered);
}

#[test]
fn a_removal_between_neighbours_opens_a_gap_that_is_read_again() {
    // 9 went after page 1 was read: 6 moved to page 1, and page 2 began with 5.
    let mut readings = vec![reading(1, 6, [9, 8, 7]), reading(2, 5, [5, 4])];
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1, 2]));
    readings.extend([reading(1, 5, [8, 7, 6]), reading(2, 5, [5, 4])]);
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1]), "the top is read when all else is");
    readings.push(reading(1, 5, [8, 7, 6]));
    assert_eq!(judge(&readings, 3, false), Verdict::Covered);
    assert_eq!(seen(&readings), [4, 5, 6, 7, 8, 9]);
}

#[test]
fn one_in_and_one_out_leave_the_count_but_not_the_proof() {
    let readings = [reading(1, 6, [9, 8, 7]), reading(2, 6, [6, 5, 4]), reading(1, 6, [10, 9, 8])];
    assert_eq!(judge(&readings, 3, false), Verdict::NewPass);
}

#[test]
fn a_new_pass_is_judged_by_itself() {
    let first = [reading(1, 6, [9, 8, 7]), reading(2, 6, [6, 5, 4]), reading(1, 6, [10, 9, 8])];
    let again = |reading: PageReading| PageReading { pass: 2, ..reading };
    let mut readings = [first.as_slice(), &[again(reading(1, 6, [10, 9, 8]))]].concat();
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![2]), "it begins with the top alone");
    readings.push(again(reading(2, 6, [7, 5, 4])));
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1]));
    readings.push(again(reading(1, 6, [10, 9, 8])));
    assert_eq!(judge(&readings, 3, false), Verdict::Covered);
    assert_eq!(seen(&readings).len(), 7);
}

#[test]
fn equal_counts_prove_nothing_where_a_movie_was_on_two_pages() {
    // 13 came in and 5 went before page 2 was read, so that 7 was nowhere.
    let readings = [reading(1, 9, [12, 11, 10]), reading(3, 9, [6, 5, 4]), reading(2, 9, [10, 9, 8])];
    assert_eq!(judge(&readings, 3, true), Verdict::ReadAgain(vec![1]));
    let looked_again = [readings.as_slice(), &[reading(1, 9, [13, 12, 11])]].concat();
    assert_eq!(judge(&looked_again, 3, true), Verdict::NewPass);
}

#[test]
fn the_last_look_at_the_top_comes_after_the_gaps_were_read() {
    // 9 went before pages 3 and 4 were read. Then 13 came in and 1 went between the readings of pages 3 and 2.
    let mut readings = vec![
        reading(1, 12, [12, 11, 10]),
        reading(2, 12, [9, 8, 7]),
        reading(3, 11, [5, 4, 3]),
        reading(4, 11, [2, 1]),
    ];
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![2, 3]));
    readings.extend([reading(3, 11, [5, 4, 3]), reading(2, 11, [10, 8, 7])]);
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1]));
    readings.push(reading(1, 11, [13, 12, 11]));
    assert_eq!(judge(&readings, 3, false), Verdict::NewPass, "6 was nowhere");
}

#[test]
fn a_first_page_that_was_never_saved_tells_what_changed_since_all_the_same() {
    // The process died with page 1 in hand; until the run went on, 13 had come in and 5 had gone.
    let top = PageReading { page: PageReading::TOP, ..reading(1, 9, [12, 11, 10]) };
    let mut readings = vec![top, reading(3, 9, [6, 5, 4]), reading(1, 9, [13, 12, 11]), reading(2, 9, [10, 9, 8])];
    assert_eq!(judge(&readings, 3, true), Verdict::NewPass, "7 was nowhere");
    readings[0].external_ids = vec![13, 12, 11];
    assert_eq!(judge(&readings, 3, true), Verdict::Covered, "where it had not changed");
}

#[test]
fn a_top_that_moved_further_than_the_list_grew_hides_what_went() {
    let readings = [reading(1, 6, [9, 8, 7]), reading(2, 6, [6, 5, 4]), reading(1, 6, [12, 11, 10])];
    assert_eq!(judge(&readings, 3, false), Verdict::NewPass);
    // Followed down, it has moved by six, while the list grew by four.
    let followed = [
        reading(1, 6, [9, 8, 7]),
        reading(2, 6, [6, 5, 4]),
        reading(1, 10, [15, 14, 13]),
        reading(2, 10, [12, 11, 10]),
        reading(3, 10, [9, 8, 7]),
    ];
    assert_eq!(judge(&followed, 3, false), Verdict::NewPass);
}

#[test]
fn a_top_that_moved_further_than_a_page_is_followed_down() {
    let readings = [reading(1, 6, [9, 8, 7]), reading(2, 6, [6, 5, 4]), reading(1, 10, [13, 12, 11])];
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1, 2, 3]));
}

#[test]
fn a_run_gone_on_with_after_the_list_grew_by_pages_still_holds_together() {
    // Pages 1 and 2 were read before six movies came in, page 5 after it; page 4 of then is page 2 of before.
    let mut readings = vec![
        reading(1, 9, [9, 8, 7]),
        reading(2, 9, [6, 5, 4]),
        reading(5, 15, [3, 2, 1]),
        reading(3, 15, [9, 8, 7]),
        reading(4, 15, [6, 5, 4]),
        reading(1, 15, [15, 14, 13]),
    ];
    assert_eq!(judge(&readings, 3, false), Verdict::ReadAgain(vec![1, 2, 3, 4]));
    readings.extend([reading(2, 15, [12, 11, 10]), reading(1, 15, [15, 14, 13])]);
    assert_eq!(judge(&readings, 3, false), Verdict::Covered);
}

#[test]
fn an_empty_catalogue_is_covered() {
    assert_eq!(judge(&[reading(1, 0, [])], 3, true), Verdict::Covered);
}

#[test]
fn pages_that_hold_clearly_fewer_than_the_source_counts_lack_the_rest() {
    let readings = [reading(1, 2_000, []), reading(2, 2_010, [])];
    assert_eq!(lacking(&readings, 800, 50), Some(1_210));
    assert_eq!(lacking(&readings, 1_959, 50), Some(51));
    assert_eq!(lacking(&readings, 1_960, 50), None, "a page of movies may be hidden");
    assert_eq!(lacking(&[reading(1, 70_000, [])], 68_600, 50), None, "and a fiftieth of a long list");
    assert_eq!(lacking(&[reading(1, 70_000, [])], 68_599, 50), Some(1_401));
    assert_eq!(lacking(&[reading(1, 5, [])], 6, 50), None);
}
