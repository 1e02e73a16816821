//! What a case logs, read for secrets and for what would steer a terminal.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::judge::known_tokens;
use super::living::Lived;

/// One case in so many is logged: writing every call down costs more than making it.
const SAMPLE: u64 = 8;

/// The log of one case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Logs everything that this thread says, while the guard lives.
    pub(crate) fn begin(&self, index: u64) -> Option<DefaultGuard> {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        let is_sampled = index.is_multiple_of(SAMPLE);
        is_sampled.then(|| tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn extend(&self, bytes: &[u8]) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
    }

    /// What must not be in it.
    pub(crate) fn problems(&self, lived: &Lived) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        let esims = lived
            .stage
            .worlds
            .iter()
            .flat_map(roamport_sandbox::World::esims);
        let profiles = esims.flatten().filter_map(|esim| esim.profile);
        let codes: Vec<String> = profiles.map(|profile| profile.activation_code).collect();
        let mut secrets = codes.iter().map(String::as_str).chain(known_tokens(lived));
        let mut problems = Vec::new();
        if secrets.any(|secret| text.contains(secret)) {
            problems.push("a secret is in the log".to_owned());
        }
        if let Some(character) = text.chars().find(|character| steers(*character)) {
            problems.push(format!("the log shows {character:?}"));
        }
        problems
    }
}

/// Whether a character does more on a terminal than to be seen there.
pub(crate) fn steers(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
