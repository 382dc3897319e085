//! Where lines go: a file that is appended to and can be opened anew, or standard output.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use yett_engine::plan;

/// One sink.
pub(super) struct Sink {
    to: To,
    /// Half a line stands at its end: a write failed in the middle.
    torn: bool,
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
        Self { to, torn: false }
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

    /// Closes the file; the next write opens it by its name.
    pub(super) fn reopen(&mut self) {
        if let To::File { file, .. } = &mut self.to {
            *file = None;
        }
    }

    /// Appends whole lines, and says how many octets were written when not all were.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), (usize, io::Error)> {
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
                    None => file.insert(OpenOptions::new().create(true).append(true).open(path)?),
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
