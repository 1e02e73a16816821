//! How things are shown to people, as text; programs get `roamport_documents`.

mod duplicates;
pub(crate) mod esim;
pub(crate) mod order;
pub(crate) mod package;
pub(crate) mod provider;
pub(crate) mod reconcile;
pub(crate) mod usage;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::text::TerminalText;

/// The time of day of a moment, in UTC: `08:42:10 UTC`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%H:%M:%S UTC")
        .to_string()
}

/// Lines of `label  value`, the values under each other; an absent value makes no line.
pub(crate) fn facts(facts: &[(&str, Option<String>)]) -> TerminalText {
    let given = || {
        facts
            .iter()
            .filter_map(|(label, value)| Some((label, value.as_ref()?)))
    };
    let width = given()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = TerminalText::new();
    for (label, value) in given() {
        text.push_line(format_args!("{label:width$}  {value}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_under_each_other_and_absent_ones_are_left_out() {
        let text = facts(&[
            ("ICCID", Some("8988".into())),
            ("PIN", None),
            ("Provider", Some("x".into())),
        ]);
        assert_eq!(text.as_str(), "ICCID     8988\nProvider  x\n");
    }
}
