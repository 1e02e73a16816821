//! JSON as it is written: fields in their order, twice where they stand twice, numbers as their literal
//! text. A liar has to write what no serializer writes, and a judge has to read it.

use std::fmt::{self, Write as _};

/// How deep values may be nested before a text counts as unreadable.
const DEEPEST: usize = 100;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The literal text of a number.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// The fields in their order; a name may stand in it twice.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads a whole text; `None` if it is not JSON.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            text: std::str::from_utf8(text).ok()?,
            depth: 0,
        };
        let value = reader.value()?;
        reader.skip_blanks();
        reader.text.is_empty().then_some(value)
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let fields = self.as_object()?;
        let field = fields.iter().find(|(field, _)| field == name)?;
        Some(&field.1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let field = fields.iter_mut().find(|(field, _)| field == name)?;
        Some(&mut field.1)
    }

    /// The value behind these names, one inside the other.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    pub(crate) fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |value, name| value.get_mut(name))
    }

    pub(crate) fn as_object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// The text of a string that is not empty.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The literal text of a number, or of a string.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self {
            Self::Number(text) => Some(text),
            _ => self.as_text(),
        }
    }

    /// Visits every value with the names that lead to it; list places have no name.
    pub(crate) fn visit_mut(&mut self, visitor: &mut dyn FnMut(&[String], &mut Self)) {
        self.walk(&mut Vec::new(), visitor);
    }

    fn walk(&mut self, path: &mut Vec<String>, visitor: &mut dyn FnMut(&[String], &mut Self)) {
        visitor(path, self);
        match self {
            Self::List(values) => {
                for value in values {
                    value.walk(path, visitor);
                }
            }
            Self::Object(fields) => {
                for (name, value) in fields {
                    path.push(name.clone());
                    value.walk(path, visitor);
                    path.pop();
                }
            }
            _ => {}
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(text) => formatter.write_str(text),
            Self::Text(text) => {
                let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
                formatter.write_str(&quoted)
            }
            Self::List(values) => {
                formatter.write_char('[')?;
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        formatter.write_char(',')?;
                    }
                    value.fmt(formatter)?;
                }
                formatter.write_char(']')
            }
            Self::Object(fields) => {
                formatter.write_char('{')?;
                for (place, (name, value)) in fields.iter().enumerate() {
                    if place > 0 {
                        formatter.write_char(',')?;
                    }
                    let quoted = serde_json::to_string(name).map_err(|_| fmt::Error)?;
                    write!(formatter, "{quoted}:{value}")?;
                }
                formatter.write_char('}')
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        self.text = self.text.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.text = self.text.strip_prefix(token)?;
        Some(())
    }

    fn value(&mut self) -> Option<Json> {
        self.skip_blanks();
        match self.text.as_bytes().first()? {
            b'n' => self.take("null").map(|()| Json::Null),
            b't' => self.take("true").map(|()| Json::Bool(true)),
            b'f' => self.take("false").map(|()| Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => self.nested(Self::list),
            b'{' => self.nested(Self::object),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.depth += 1;
        let value = (self.depth <= DEEPEST).then(|| read(self)).flatten();
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Option<Json> {
        self.take("[")?;
        let mut values = Vec::new();
        self.skip_blanks();
        if self.take("]").is_some() {
            return Some(Json::List(values));
        }
        loop {
            values.push(self.value()?);
            self.skip_blanks();
            if self.take("]").is_some() {
                return Some(Json::List(values));
            }
            self.take(",")?;
        }
    }

    fn object(&mut self) -> Option<Json> {
        self.take("{")?;
        let mut fields = Vec::new();
        self.skip_blanks();
        if self.take("}").is_some() {
            return Some(Json::Object(fields));
        }
        loop {
            self.skip_blanks();
            let name = self.string()?;
            self.skip_blanks();
            self.take(":")?;
            fields.push((name, self.value()?));
            self.skip_blanks();
            if self.take("}").is_some() {
                return Some(Json::Object(fields));
            }
            self.take(",")?;
        }
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        if bytes.first() != Some(&b'"') {
            return None;
        }
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let (literal, rest) = self.text.split_at_checked(end + 1)?;
        self.text = rest;
        // Half an emoji is no text: it counts as the replacement character.
        serde_json::from_str(literal)
            .ok()
            .or_else(|| literal.contains("\\u").then(|| "\u{FFFD}".to_owned()))
    }

    fn number(&mut self) -> Option<Json> {
        let end = self
            .text
            .find(|character: char| {
                !(character.is_ascii_digit() || matches!(character, '-' | '+' | '.' | 'e' | 'E'))
            })
            .unwrap_or(self.text.len());
        let (literal, rest) = self.text.split_at(end);
        serde_json::from_str::<serde_json::Number>(literal).ok()?;
        self.text = rest;
        Some(Json::Number(literal.to_owned()))
    }
}
