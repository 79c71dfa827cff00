//! Reads the parameters of a request and picks the movies of a list answer.
//! As with the real API no parameter is refused: what makes no sense counts as not given.

use std::cmp::Ordering;

use url::form_urlencoded;

use super::stock::{Entry, Stock};

const MAX_LIMIT: usize = 50;
const DEFAULT_LIMIT: usize = 20;

/// The parameters of a list request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ListQuery {
    pub(super) limit: usize,
    /// From 1.
    pub(super) page: usize,
    sort_by: SortBy,
    is_ascending: bool,
    genre: Option<String>,
    quality: Option<String>,
    minimum_rating: Option<f64>,
    query_term: Option<String>,
}

/// What the list is sorted by. The real API sorts by date where it is asked for seeds or peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SortBy {
    Title,
    Year,
    Rating,
    DownloadCount,
    LikeCount,
    DateAdded,
}

/// A page of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// How many movies match, on all pages.
    pub(super) movie_count: usize,
    /// Indexes of the page's movies in the stock.
    pub(super) indexes: Vec<usize>,
}

/// Returns the last value of a parameter, decoded.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == name)
        .last()
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

impl ListQuery {
    /// Reads the query part of a target.
    pub(super) fn parse(query: &str) -> Self {
        let number =
            |name| parameter(query, name).and_then(|text| text.parse::<usize>().ok()).filter(|number| *number > 0);
        let word = |name| parameter(query, name).map(|text| text.to_lowercase());
        let filter = |name| word(name).filter(|text| text != "all" && text != "0");
        Self {
            limit: number("limit").unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT),
            page: number("page").unwrap_or(1),
            sort_by: word("sort_by").map_or(SortBy::DateAdded, |text| SortBy::parse(&text)),
            is_ascending: word("order_by").is_some_and(|text| text == "asc"),
            genre: filter("genre"),
            quality: filter("quality"),
            minimum_rating: filter("minimum_rating").and_then(|text| text.parse().ok()),
            query_term: filter("query_term"),
        }
    }

    /// Picks the page this query asks for.
    pub(super) fn select(&self, stock: &Stock) -> Page {
        if self.has_filter() || self.sort_by != SortBy::DateAdded {
            let mut matching: Vec<usize> =
                stock.listed().iter().copied().filter(|&index| self.matches(stock.entry(index))).collect();
            // A stable sort: movies that compare equal stay in the order of their dates.
            matching.sort_by(|&one, &other| self.sort_by.compare(stock.entry(one), stock.entry(other)));
            self.cut(&matching)
        } else {
            self.cut(stock.listed())
        }
    }

    /// Cuts the page out of indexes in ascending order.
    fn cut(&self, ascending: &[usize]) -> Page {
        let skipped = (self.page - 1).saturating_mul(self.limit);
        let indexes = if self.is_ascending {
            ascending.iter().skip(skipped).take(self.limit).copied().collect()
        } else {
            ascending.iter().rev().skip(skipped).take(self.limit).copied().collect()
        };
        Page { movie_count: ascending.len(), indexes }
    }

    fn has_filter(&self) -> bool {
        self.genre.is_some() || self.quality.is_some() || self.minimum_rating.is_some() || self.query_term.is_some()
    }

    fn matches(&self, entry: &Entry) -> bool {
        let named = |wanted: &Option<String>, names: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| names.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
        };
        named(&self.genre, &entry.genres)
            && named(&self.quality, &entry.qualities)
            && self.minimum_rating.is_none_or(|minimum| entry.rating >= minimum)
            && self.query_term.as_ref().is_none_or(|term| entry.title.contains(term) || entry.imdb_code == *term)
    }
}

impl SortBy {
    fn parse(text: &str) -> Self {
        match text {
            "title" => Self::Title,
            "year" => Self::Year,
            "rating" => Self::Rating,
            "download_count" => Self::DownloadCount,
            "like_count" => Self::LikeCount,
            _ => Self::DateAdded,
        }
    }

    fn compare(self, one: &Entry, other: &Entry) -> Ordering {
        match self {
            Self::Title => one.title.cmp(&other.title),
            Self::Year => one.year.cmp(&other.year),
            Self::Rating => one.rating.total_cmp(&other.rating),
            Self::DownloadCount => one.download_count.cmp(&other.download_count),
            Self::LikeCount => one.like_count.cmp(&other.like_count),
            Self::DateAdded => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(stock: &Stock, query: &str) -> Page {
        ListQuery::parse(query).select(stock)
    }

    #[test]
    fn bad_parameters_are_accepted_in_silence() {
        let query = ListQuery::parse("limit=many&page=-3&sort_by=mood&order_by=up&minimum_rating=good");
        assert_eq!(query, ListQuery::parse(""));
        assert_eq!((query.limit, query.page), (20, 1));
        assert_eq!(ListQuery::parse("limit=999").limit, 50);
        assert_eq!(ListQuery::parse("limit=0").limit, 20);
    }

    #[test]
    fn the_default_order_is_newest_first_and_pages_do_not_overlap() {
        let stock = Stock::new(1, 120);
        let pages: Vec<usize> =
            (1..=4).flat_map(|page| select(&stock, &format!("limit=50&page={page}")).indexes).collect();
        assert_eq!(pages, (0..120).rev().collect::<Vec<_>>());
        assert_eq!(select(&stock, "limit=50&order_by=asc").indexes, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_past_the_end_is_empty_however_far() {
        let stock = Stock::new(1, 120);
        let past_end = select(&stock, &format!("page={}", usize::MAX));
        assert_eq!(past_end, Page { movie_count: 120, indexes: vec![] });
    }

    #[test]
    fn filters_and_orders_apply_to_the_whole_list() {
        let stock = Stock::new(1, 2000);
        let page = select(&stock, "limit=50&genre=horror&quality=1080p&minimum_rating=5&sort_by=rating");
        assert!(page.movie_count > 50 && page.movie_count < 400, "{}", page.movie_count);
        let entries: Vec<_> = page.indexes.iter().map(|&index| stock.entry(index)).collect();
        assert!(entries.iter().all(|entry| entry.genres.contains(&"Horror") && entry.rating >= 5.0));
        assert!(entries.is_sorted_by(|one, other| one.rating >= other.rating));
        assert!(select(&stock, "query_term=the+caf%C3%A9").movie_count > 0);
    }

    #[test]
    fn seeds_and_peers_fall_back_to_the_date() {
        let stock = Stock::new(1, 60);
        assert_eq!(select(&stock, "sort_by=seeds"), select(&stock, ""));
        assert_eq!(select(&stock, "sort_by=peers&order_by=asc"), select(&stock, "order_by=asc"));
    }
}
