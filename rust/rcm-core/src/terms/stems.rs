//! Where the words of a query stand in code that is shown.

/// Where one of `stems` stands in each line of a text, as (start, end) within the line; nothing beyond `most_chars` of a
/// line counts. `None` unless all is ASCII: how other letters fold is for whoever asks to know.
///
/// A stem stands where a word or a part of it in camel case begins, in any case; one of two letters or fewer is a word or
/// a part as a whole. Where several stand at one place the first of them counts; what was found does not overlap.
pub fn stems_in<'a>(
    text: &str,
    stems: impl Iterator<Item = &'a str> + Clone,
    most_chars: usize,
) -> Option<Vec<Vec<(usize, usize)>>> {
    if !(text.is_ascii() && stems.clone().all(str::is_ascii)) {
        return None;
    }
    let stems: Vec<&[u8]> = stems.map(str::as_bytes).filter(|stem| !stem.is_empty()).collect();
    let mut begins = [false; 256];
    for stem in &stems {
        begins[usize::from(stem[0].to_ascii_lowercase())] = true;
        begins[usize::from(stem[0].to_ascii_uppercase())] = true;
    }
    Some(text.split('\n').map(|line| in_line(line.as_bytes(), &stems, &begins, most_chars)).collect())
}

fn in_line(line: &[u8], stems: &[&[u8]], begins: &[bool; 256], most_chars: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.len().min(most_chars) {
        let end = if begins[usize::from(line[at])] && begins_word(line, at) {
            stems.iter().find(|stem| stands_at(line, at, stem)).map(|stem| at + stem.len())
        } else {
            None
        };
        found.extend(end.map(|end| (at, end)));
        at = end.unwrap_or(at + 1);
    }
    found
}

fn begins_word(line: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map_or(b' ', |before| line[before]);
    !before.is_ascii_alphabetic() || before.is_ascii_lowercase() && line[at].is_ascii_uppercase()
}

fn stands_at(line: &[u8], at: usize, stem: &[u8]) -> bool {
    let end = at + stem.len();
    line.get(at..end).is_some_and(|there| there.eq_ignore_ascii_case(stem))
        && (stem.len() > 2 || line.get(end).is_none_or(|after| !after.is_ascii_alphanumeric()))
}
