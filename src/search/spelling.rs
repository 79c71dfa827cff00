//! Words typed with an error: the words of titles that lie one or two errors away.

/// Returns how many errors a word of so many letters may have.
pub(super) fn allowed_errors(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// Returns in how many letters two words differ: one changed, missing, added, or swapped with its neighbour each counts
/// one; nothing where they are more than `most`.
pub(super) fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.iter().enumerate() {
        let mut next = vec![row + 1; b.len() + 1];
        for (column, other) in b.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut errors = changed.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *letter == b[column - 1] && a[row - 1] == *other {
                errors = errors.min(before[column - 1] + 1);
            }
            next[column + 1] = errors;
        }
        if next.iter().all(|&errors| errors > most) {
            return None;
        }
        before = std::mem::replace(&mut last, next);
    }
    Some(last[b.len()]).filter(|&errors| errors <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_errors_as_people_make_them() {
        let errors = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), 2);
        assert_eq!(errors("amelie", "amelie"), Some(0));
        assert_eq!(errors("ameile", "amelie"), Some(1));
        assert_eq!(errors("lighthose", "lighthouse"), Some(1));
        assert_eq!(errors("lihgthose", "lighthouse"), Some(2));
        assert_eq!(errors("house", "mouses"), Some(2));
        assert_eq!(errors("house", "garden"), None);
    }
}
