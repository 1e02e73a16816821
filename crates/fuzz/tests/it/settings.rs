//! Every file that somebody passes as settings.

use std::fs;
use std::path::PathBuf;

use roamport_bootstrap::{Directories, Settings, SettingsError, SettingsLoader};
use roamport_fuzz::Cursor;
use roamport_fuzz::corpus::root;
use roamport_fuzz::edit::edit_bytes;

/// A secret that the sample file holds in the place of an empty token.
const TOKEN: &str = "tok_fuzz_settings_a1c4e9f2";

/// What the line of that secret begins with.
const TOKEN_KEY: &str = "token = ";

/// Values that are put behind an equals sign.
const VALUES: [&str; 24] = [
    "\"\"",
    "0",
    "-1",
    "1",
    "65536",
    "18446744073709551616",
    "0x10",
    "1_0",
    "1e400",
    "nan",
    "-inf",
    "true",
    "2026-11-20T09:14:07Z",
    "[]",
    "{}",
    "[[\"1s\"]]",
    "[\"1s\", 2]",
    "{ a = 1 }",
    "\"1s\"",
    "\"PT999999999999999999S\"",
    "\"-5s\"",
    "\"9999999999h\"",
    "\"\\u0000\\u202e\"",
    "\"\u{1f30d}\"",
];

struct Files {
    samples: Vec<String>,
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let example = fs::read_to_string(root().join("config/example.toml")).unwrap();
        let inline = example.replacen("token = \"\"", &format!("{TOKEN_KEY}\"{TOKEN}\""), 1);
        assert_eq!(inline.matches(TOKEN).count(), 1);
        let inline = inline.replacen("token_file = \"roamify-token\"", "token_file = \"\"", 1);
        let lines = |text: &str| {
            let lines = text
                .lines()
                .filter(|line| !line.starts_with('#') && !line.is_empty());
            lines.collect::<Vec<_>>().join("\n")
        };
        let short = format!("provider = \"roamify\"\n[roamify]\n{TOKEN_KEY}\"{TOKEN}\"\n");
        Self {
            samples: vec![lines(&inline), inline, short],
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("roamport.toml")
    }

    fn load(&self) -> Result<Settings, SettingsError> {
        let folder = self.folder.path();
        let directories = Directories::at(folder.join("config"), folder.join("data"));
        SettingsLoader::new()
            .directories(directories)
            .file(self.path())
            .load()
    }
}

thread_local! {
    static FILES: Files = Files::new();
}

fn load(mut cursor: Cursor<'_>) {
    FILES.with(|files| {
        let text = draw(&files.samples, &mut cursor);
        fs::write(files.path(), &text).unwrap();
        let first = files.load();
        let shown = |loaded: &Result<Settings, SettingsError>| match loaded {
            Ok(settings) => format!("{settings:?} {:?}", settings.describe()),
            Err(error) => format!("{error} {error:?}"),
        };
        if cursor.chance(16) {
            let second = files.load();
            assert_eq!(shown(&first), shown(&second), "the same file says the same");
        }
        if holds_the_token_in_its_place(&text) {
            let shown = shown(&first);
            assert!(!shown.contains(TOKEN), "the token is shown: {shown}");
        }
        if let Ok(settings) = &first {
            assert!(!settings.describe().is_empty());
        }
    });
}

/// Whether the token stands in the file once, as it should. Anywhere else it is no secret: a name of a key, or the
/// value of another setting.
fn holds_the_token_in_its_place(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let holding: Vec<&str> = text.lines().filter(|line| line.contains(TOKEN)).collect();
    matches!(holding[..], [line] if line == format!("{TOKEN_KEY}\"{TOKEN}\""))
}

/// One of the samples with up to seven of its lines changed, or bytes.
fn draw(samples: &[String], cursor: &mut Cursor<'_>) -> Vec<u8> {
    if cursor.chance(16) {
        return cursor.bytes(usize::MAX).to_vec();
    }
    let sample = &samples[usize::from(cursor.byte()) % samples.len()];
    let mut lines: Vec<Vec<u8>> = sample
        .lines()
        .map(|line| line.as_bytes().to_vec())
        .collect();
    for _ in 0..cursor.byte() % 8 {
        edit_lines(&mut lines, cursor);
    }
    lines.join(&b'\n')
}

fn edit_lines(lines: &mut Vec<Vec<u8>>, cursor: &mut Cursor<'_>) {
    let (at, other) = (cursor.below(lines.len()), cursor.below(lines.len()));
    if lines.is_empty() {
        return;
    }
    match cursor.byte() % 6 {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[other].clone()),
        2 => lines.swap(at, other),
        3 => edit_bytes(&mut lines[at], cursor),
        _ => {
            let equals = lines[at].iter().position(|byte| *byte == b'=');
            if let Some(equals) = equals {
                lines[at].truncate(equals + 1);
                lines[at].extend_from_slice(cursor.pick(&VALUES).as_bytes());
            }
        }
    }
}

#[test]
fn no_settings_file_shows_the_token_or_stops_the_program() {
    roamport_fuzz::target!("settings", load);
}
