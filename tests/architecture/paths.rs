//! Finds paths such as `crate::store::Store` in code. What they may lead to is said in `doors` and `homes`.

use crate::code::is_in_name;

/// Returns the offsets and rests of a code at which a path begins with this name, as in `name::x`.
pub(crate) fn paths_from<'a>(code: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    let head = format!("{name}::");
    let is_whole = |offset: usize| {
        let before = &code[..offset];
        !before.bytes().next_back().is_some_and(|byte| is_in_name(byte) || byte == b':' || byte == b'$')
    };
    let offsets = code.match_indices(&head).map(|(offset, _)| offset).filter(|offset| is_whole(*offset));
    offsets.map(|offset| (offset, &code[offset + head.len()..])).collect()
}

/// Returns the first names that follow a path's head: one, or several in braces.
pub(crate) fn first_names(rest: &str) -> Vec<String> {
    let name_of = |text: &str| -> String {
        let text = text.trim_start();
        text.chars().take_while(|char| char.is_alphanumeric() || matches!(char, '_' | '*')).collect()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![name_of(rest)] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (offset, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                names.push(name_of(&group[start..offset]));
                start = offset + 1;
            }
            '}' => {
                names.push(name_of(&group[start..offset]));
                break;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}
