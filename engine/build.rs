//! Turns the catalogue's TOML files into constants, so that a reason that is not in the catalogue does not compile.

use std::{env, fmt::Write as _, fs, path::Path};

use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Control {
    control: String,
    #[serde(default)]
    reason: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    id: String,
    kind: String,
    public: String,
    status: u16,
    text: String,
    level: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new("../src/yett/catalogue");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();

    let mut reasons = Vec::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let text = fs::read_to_string(file)?;
        let control: Control = toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        reasons.extend(
            control
                .reason
                .into_iter()
                .map(|reason| (control.control.clone(), reason)),
        );
    }
    reasons.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    for pair in reasons.windows(2) {
        if let [(_, one), (_, other)] = pair
            && one.id == other.id
        {
            return Err(format!("catalogue: {} stands twice", one.id).into());
        }
    }

    let mut hash = Sha256::new();
    for (control, reason) in &reasons {
        let Reason {
            id,
            kind,
            public,
            status,
            text,
            level,
        } = reason;
        hash.update(format!(
            "{id}\t{control}\t{kind}\t{public}\t{status}\t{text}\t{level}\n"
        ));
    }
    let mut code = String::new();
    for (index, (_, reason)) in reasons.iter().enumerate() {
        let name = reason.id.replace(['.', '-'], "_").to_uppercase();
        writeln!(
            code,
            "/// `{}`: {}.\npub const {name}: Reason = Reason({index});",
            reason.id, reason.text
        )?;
    }
    writeln!(code, "static INFOS: [Info; {}] = [", reasons.len())?;
    for (control, reason) in &reasons {
        writeln!(
            code,
            "Info {{ id: {:?}, control: {control:?}, fault: {}, public: {:?}, status: {}, text: {:?}, level: {:?} }},",
            reason.id,
            reason.kind == "fault",
            reason.public,
            reason.status,
            reason.text,
            reason.level
        )?;
    }
    writeln!(
        code,
        "];\n/// SHA-256 of what is compiled in of each reason: a line of its fields with tabs, in the order of the ids."
    )?;
    writeln!(code, "pub const CATALOGUE_HASH: &str = \"{:x}\";", hash.finalize())?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("reasons.rs"), code)?;
    Ok(())
}
