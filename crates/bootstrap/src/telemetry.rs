//! The program's log: to stderr, filtered, as text or JSON.

mod writer;

use std::io::{self, IsTerminal as _};

use tracing::{Dispatch, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use self::writer::{CleanLines, LineForm};
use crate::Environment;
use crate::settings::{LogFormat, LogSettings};

/// What is logged, how, and whether in colour.
#[derive(Clone, Debug)]
pub struct Telemetry {
    settings: LogSettings,
    colour: bool,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The filter cannot be read. Settings are checked when they are loaded, so this is somebody's
    /// own [`LogSettings`].
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something in this process took the log already.
    #[error("the log is taken already")]
    Taken(#[from] tracing::dispatcher::SetGlobalDefaultError),
}

impl Telemetry {
    /// The log on stderr: in colour on a terminal, unless `environment` has `NO_COLOR`.
    pub fn on_stderr(settings: &LogSettings, environment: &Environment) -> Self {
        let colour = io::stderr().is_terminal() && !environment.wants_no_colour();
        Self {
            settings: settings.clone(),
            colour,
        }
    }

    /// Takes the log of the whole process. Called once, by a binary.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`].
    pub fn install(&self) -> Result<(), TelemetryError> {
        let dispatch = self.dispatch(io::stderr)?;
        Ok(tracing::dispatcher::set_global_default(dispatch)?)
    }

    fn dispatch<W>(&self, writer: W) -> Result<Dispatch, TelemetryError>
    where
        W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
    {
        let filter = EnvFilter::builder().parse(&self.settings.filter)?;
        // An error of the writer would be printed to a stderr that may be closed, which panics: the
        // log must never end an order.
        let form = match (self.settings.format, self.colour) {
            (LogFormat::Json, _) => LineForm::Json,
            (LogFormat::Text, true) => LineForm::Colored,
            (LogFormat::Text, false) => LineForm::Plain,
        };
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(CleanLines {
                inner: writer,
                form,
            })
            .with_ansi(self.colour)
            .log_internal_errors(false);
        let subscriber: Box<dyn Subscriber + Send + Sync> = match self.settings.format {
            LogFormat::Text => Box::new(builder.finish()),
            LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
        };
        Ok(Dispatch::new(subscriber))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{debug, info, warn};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(filter: &str, format: LogFormat, colour: bool, log: impl FnOnce()) -> String {
        let settings = LogSettings::new(filter, format);
        let written = Written::default();
        let writer = written.clone();
        let dispatch = Telemetry { settings, colour }
            .dispatch(move || writer.clone())
            .unwrap();
        tracing::dispatcher::with_default(&dispatch, log);
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn what_lies_below_the_level_is_not_logged() {
        let log = || {
            info!("a detail");
            warn!("a worry");
        };
        let text = written("warn", LogFormat::Text, false, log);
        assert!(
            text.contains("a worry") && !text.contains("a detail"),
            "{text}"
        );
    }

    #[test]
    fn a_filter_can_name_one_crate() {
        let log = || {
            debug!(target: "roamport_app", "ours");
            debug!(target: "hyper", "theirs");
        };
        let text = written("warn,roamport_app=debug", LogFormat::Text, false, log);
        assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
    }

    #[test]
    fn without_a_terminal_there_is_no_colour() {
        let text = written("info", LogFormat::Text, false, || {
            info!(provider = "sandbox", "plain");
        });
        assert!(!text.contains('\u{1b}'), "{text:?}");
        let text = written("info", LogFormat::Text, true, || {
            info!(provider = "sandbox", "bright");
        });
        assert!(text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = written("info", LogFormat::Json, false, || {
            info!(operation = "balance", "one");
            info!("two");
        });
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["operation"], "balance");
        assert_eq!(lines[1]["message"], "two");
    }

    #[test]
    fn no_event_steers_the_terminal() {
        let words = "a\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}b\u{200b}";
        let log = || info!(name = %words, text = words, "{words}");
        for (format, colour) in [
            (LogFormat::Text, false),
            (LogFormat::Text, true),
            (LogFormat::Json, false),
        ] {
            let text = written("info", format, colour, log);
            let line = text.strip_suffix('\n').unwrap();
            let line = line.replace("\u{1b}[0m", "").replace("\u{1b}[2m", "");
            let line = line.replace("\u{1b}[3m", "").replace("\u{1b}[32m", "");
            assert!(
                !line.chars().any(crate::terminal::is_control),
                "{format:?} {line:?}"
            );
        }
    }

    #[test]
    fn a_writer_that_fails_ends_nothing() {
        #[derive(Clone)]
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let settings = LogSettings::new("info", LogFormat::Text);
        let dispatch = Telemetry {
            settings,
            colour: false,
        }
        .dispatch(|| Closed)
        .unwrap();
        let mut went_on = false;
        tracing::dispatcher::with_default(&dispatch, || {
            info!("into the void");
            went_on = true;
        });
        assert!(went_on);
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_an_error() {
        let settings = LogSettings::new("roamport=loud", LogFormat::Text);
        let telemetry = Telemetry {
            settings,
            colour: false,
        };
        assert!(matches!(
            telemetry.dispatch(io::sink),
            Err(TelemetryError::Filter(_))
        ));
    }
}
