//! Where lines go: a file that is appended to and can be opened anew, or standard output.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use yett_engine::{Time, plan};

use crate::calendar;

/// Who may read a file of evidence: its owner, and a group that ships logs; subjects and addresses stand in it.
const READABLE: u32 = 0o640;
use crate::state::Clock;

/// One sink.
pub(super) struct Sink {
    to: To,
    /// Half a line stands at its end: a write failed in the middle.
    pub(super) torn: bool,
    /// Lines that it has missed, and of which no line in it speaks yet.
    pub(super) missing: u64,
}

enum To {
    File { path: PathBuf, file: Option<File> },
    Stdout,
}

impl Sink {
    pub(super) fn new(described: &plan::Sink) -> Self {
        let to = match described {
            plan::Sink::File(path) => To::File {
                path: path.into(),
                file: None,
            },
            plan::Sink::Stdout => To::Stdout,
        };
        Self {
            to,
            torn: false,
            missing: 0,
        }
    }

    /// Whether a plan describes this one.
    pub(super) fn is(&self, described: &plan::Sink) -> bool {
        match (&self.to, described) {
            (To::File { path, .. }, plan::Sink::File(name)) => path.as_os_str() == name.as_str(),
            (To::Stdout, plan::Sink::Stdout) => true,
            (To::File { .. }, plan::Sink::Stdout) | (To::Stdout, plan::Sink::File(_)) => false,
        }
    }

    pub(super) fn name(&self) -> String {
        match &self.to {
            To::File { path, .. } => path.display().to_string(),
            To::Stdout => "stdout".to_owned(),
        }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.to, To::File { .. })
    }

    /// Closes the file; the next write opens it by its name. What is torn is the file that goes.
    pub(super) fn reopen(&mut self) {
        if let To::File { file, .. } = &mut self.to {
            *file = None;
            self.torn = false;
        }
    }

    /// Takes so many lines, and before them one that says what this sink has missed.
    ///
    /// # Errors
    /// How many of these lines it has missed now, and why.
    pub(super) fn take(&mut self, lines: &[u8], count: u64, clock: &Clock) -> Result<(), (u64, io::Error)> {
        let noted = if self.missing > 0 {
            self.write(&note(self.missing, clock.now()))
                .map_err(|(_, error)| (0, error))
        } else {
            Ok(())
        };
        let written = noted.and_then(|()| {
            self.missing = 0;
            self.write(lines)
        });
        written.map_err(|(octets, error)| {
            let written = lines.get(..octets).unwrap_or_default();
            let whole = written.iter().filter(|octet| **octet == b'\n').count();
            let lost = count.saturating_sub(whole as u64);
            self.missing += lost;
            (lost, error)
        })
    }

    /// Appends whole lines, and says how many octets were written when not all were.
    fn write(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
        if self.torn {
            self.some(b"\n").map_err(|error| (0, error))?;
            self.torn = false;
        }
        let mut written = 0;
        while let Some(rest) = lines.get(written..)
            && !rest.is_empty()
        {
            match self.some(rest) {
                Ok(more) => written += more,
                Err(error) => {
                    let ended = written == 0 || lines.get(written - 1) == Some(&b'\n');
                    self.torn = !ended;
                    return Err((written, error));
                }
            }
        }
        Ok(())
    }

    fn some(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            To::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(octets)?;
                stdout.flush()?;
                octets.len()
            }
            To::File { path, file } => {
                let file = match file {
                    Some(file) => file,
                    None => file.insert(OpenOptions::new().create(true).append(true).mode(READABLE).open(path)?),
                };
                file.write(octets)?
            }
        };
        if written == 0 {
            Err(io::ErrorKind::WriteZero.into())
        } else {
            Ok(written)
        }
    }
}

/// The line that says that others are missing.
fn note(missing: u64, now: Time) -> Vec<u8> {
    let mut line = b"{\"time\":\"".to_vec();
    calendar::rfc3339(now, &mut line);
    line.extend_from_slice(format!("\",\"evidence_dropped\":{missing}}}\n").as_bytes());
    line
}
