//! A value that is there, is not, or cannot be read: three facts.

use roamport_domain::Oddity;

/// What reading a value gave. There is no way to take the value alone: an unreadable one is either noted
/// ([`Reading::or_note`]) or makes an error ([`Reading::required`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub enum Reading<T> {
    /// The provider sent nothing.
    #[default]
    Absent,
    /// What it sent.
    Present(T),
    /// It sent something else; why that is no such value, to stand after the name of the field.
    Unreadable(&'static str),
}

impl<T> Reading<T> {
    /// The value, read further by `parse`; where that fails it is unreadable for the reason `why`.
    pub fn then<U, E>(
        self,
        why: &'static str,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Reading<U> {
        match self {
            Self::Absent => Reading::Absent,
            Self::Present(value) => parse(value).map_or(Reading::Unreadable(why), Reading::Present),
            Self::Unreadable(why) => Reading::Unreadable(why),
        }
    }

    /// The value. One that cannot be read is noted once: what it is for a person, and the provider's name of it.
    pub fn or_note(self, what: &str, field: &str, oddities: &mut Vec<Oddity>) -> Option<T> {
        match self {
            Self::Absent => None,
            Self::Present(value) => Some(value),
            Self::Unreadable(why) => {
                let noted = Oddity {
                    what: what.to_owned(),
                    why: format!("`{field}` {why}"),
                };
                if !oddities.contains(&noted) {
                    oddities.push(noted);
                }
                None
            }
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// Why there is none, in words that name the field and show no value.
    pub fn required(self, field: &str) -> Result<T, String> {
        match self {
            Self::Absent => Err(format!("`{field}` is missing")),
            Self::Present(value) => Ok(value),
            Self::Unreadable(why) => Err(format!("`{field}` {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_present_and_unreadable_are_three_things() {
        let mut oddities = Vec::new();
        let readings = [
            Reading::Absent,
            Reading::Present("7"),
            Reading::Present("x"),
            Reading::Unreadable("is an object"),
        ];
        let read = |text: &str| text.parse::<u8>();
        let values: Vec<_> = readings
            .map(|reading| {
                reading
                    .then("is not a number", read)
                    .or_note("days", "day", &mut oddities)
            })
            .into();
        assert_eq!(values, [None, Some(7), None, None]);
        let noted: Vec<_> = oddities.iter().map(ToString::to_string).collect();
        assert_eq!(
            noted,
            ["days: `day` is not a number", "days: `day` is an object"]
        );
        let required = readings.map(|reading| reading.required("day"));
        assert_eq!(
            required,
            [
                Err("`day` is missing".to_owned()),
                Ok("7"),
                Ok("x"),
                Err("`day` is an object".to_owned()),
            ]
        );
    }
}
