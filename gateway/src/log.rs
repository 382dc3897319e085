//! The process's own log on stderr: starts, reloads, what could not be fetched or written, and once of each operation that its
//! answers are not as described. Never a request; that is evidence.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::calendar;
use crate::state::Clock;

/// How much it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something is about to, or was refused.
    Warning,
    /// What operators want to know.
    #[default]
    Info,
    /// What only its authors want to know.
    Debug,
}

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `time LEVEL message key=value`.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The least that is logged.
    pub level: Level,
    /// How.
    pub format: Format,
}

static LEVEL: AtomicU8 = AtomicU8::new(Level::Warning as u8);
static FORMAT: AtomicU8 = AtomicU8::new(Format::Text as u8);

impl Settings {
    /// Takes effect for the whole process.
    pub fn apply(self) {
        LEVEL.store(self.level as u8, Ordering::Relaxed);
        FORMAT.store(self.format as u8, Ordering::Relaxed);
    }
}

/// Between two lines about the same trouble.
const INTERVAL: Duration = Duration::from_secs(10);

/// A trouble that may come many times a second, and is told once an interval.
#[derive(Default)]
pub(crate) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Something is about to not work.
    pub(crate) fn warning(&self, message: &str, fields: &[(&str, &dyn Display)]) {
        if self.is_due(Instant::now()) {
            warning(message, fields);
        }
    }

    /// Whether it was not told lately; then it is now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let Self(told) = self;
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.is_none_or(|at| now.duration_since(at) >= INTERVAL);
        if is_due {
            *told = Some(now);
        }
        is_due
    }
}

/// Writes one line.
pub(crate) fn write(level: Level, message: &str, fields: &[(&str, &dyn Display)]) {
    if level as u8 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let mut time = Vec::with_capacity(32);
    calendar::rfc3339(Clock::system().now(), &mut time);
    let time = String::from_utf8_lossy(&time);
    let mut line = if FORMAT.load(Ordering::Relaxed) == Format::Json as u8 {
        json(level, &time, message, fields)
    } else {
        text(level, &time, message, fields)
    };
    line.push('\n');
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn text(level: Level, time: &str, message: &str, fields: &[(&str, &dyn Display)]) -> String {
    let mut line = format!("{time} {:<7} {message}", name(level).to_uppercase());
    for (key, value) in fields {
        let value = value.to_string();
        if value.is_empty() || value.contains([' ', '"', '\n', '\r', '=']) {
            line.push_str(&format!(" {key}={value:?}"));
        } else {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    line
}

fn json(level: Level, time: &str, message: &str, fields: &[(&str, &dyn Display)]) -> String {
    let mut line = serde_json::Map::new();
    let mut put = |key: &str, value: String| line.insert(key.to_owned(), value.into());
    put("time", time.to_owned());
    put("level", name(level).to_owned());
    put("message", message.to_owned());
    for (key, value) in fields {
        put(key, value.to_string());
    }
    serde_json::Value::Object(line).to_string()
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// Something does not work.
pub(crate) fn error(message: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Error, message, fields);
}

/// Something is about to not work, or was refused.
pub(crate) fn warning(message: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Warning, message, fields);
}

/// What explains one connection.
pub(crate) fn debug(message: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Debug, message, fields);
}

/// What operators want to know.
pub(crate) fn info(message: &str, fields: &[(&str, &dyn Display)]) {
    write(Level::Info, message, fields);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_that_lasts_is_told_once_an_interval() {
        let (seldom, began) = (Seldom::new(), Instant::now());
        let told = |seconds| seldom.is_due(began + Duration::from_secs(seconds));
        assert_eq!([0, 0, 9, 10, 19, 20].map(told), [true, false, false, true, false, true]);
    }
}
