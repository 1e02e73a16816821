//! Finds the spelling that somebody probably meant.

/// How alike two words must be, from 0 to 1, to suggest one for the other.
const ALIKE: f64 = 0.55;

/// The candidate that is most like `word`, or whose last part is; `None` where none is alike.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    separator: &str,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let last = last_part(&word, separator);
    let likeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let whole = strsim::normalized_damerau_levenshtein(&word, &candidate);
        let part = strsim::normalized_damerau_levenshtein(last, last_part(&candidate, separator));
        // A key in the wrong section is a likely slip, but a likeness of the whole counts for more.
        (whole.max(part), whole)
    };
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|((best, _), _)| *best >= ALIKE)
        .max_by(|(one, _), (other, _)| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)))
        .map(|(_, candidate)| candidate)
}

fn last_part<'a>(word: &'a str, separator: &str) -> &'a str {
    word.rsplit(separator).next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = [
        "provider",
        "data_dir",
        "roamify.token",
        "roamify.token_file",
        "orders.quiet_period",
    ];

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, KEYS, "."), expected, "{word}");
    }

    #[test]
    fn a_slip_of_the_finger_is_mended() {
        check("provder", Some("provider"));
        check("roamify.tokn", Some("roamify.token"));
        check("Provider", Some("provider"));
        check("orders.quiet_periode", Some("orders.quiet_period"));
    }

    #[test]
    fn a_key_in_the_wrong_section_is_found_by_its_last_part() {
        check("quiet_period", Some("orders.quiet_period"));
        check("sandbox.quiet_period", Some("orders.quiet_period"));
    }

    #[test]
    fn nothing_is_suggested_for_what_resembles_nothing() {
        check("colour", None);
        check("", None);
    }
}
