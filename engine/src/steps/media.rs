//! Media types (RFC 9110 section 8.3): what Content-Type and Content-Encoding say, in one reading or none.

/// A media type as a header writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Media<'h> {
    /// `type/subtype`, in the case that was sent.
    essence: &'h str,
    /// The value of `charset`, without quotes.
    charset: Option<&'h str>,
}

impl<'h> Media<'h> {
    /// Reads the value of a Content-Type; none where it is not one, or has a parameter twice.
    pub(crate) fn parse(value: &'h [u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim_matches(WHITE);
        let (essence, mut rest) = match text.find(';') {
            Some(at) => text.split_at_checked(at)?,
            None => (text, ""),
        };
        let essence = essence.trim_end_matches(WHITE);
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut charset = None;
        while !rest.is_empty() {
            let (name, value, after) = parameter(rest)?;
            rest = after;
            if name.eq_ignore_ascii_case("charset") && charset.replace(value).is_some() {
                return None;
            }
        }
        Some(Self { essence, charset })
    }

    /// Whether it is exactly this type, which is in lower case.
    pub(crate) fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// Whether a range (`image/*`, `*/*`, in lower case) holds it.
    pub(crate) fn is_in(&self, range: &str) -> bool {
        let Some(kind) = range.strip_suffix("/*") else {
            return false;
        };
        let own = self.essence.split('/').next().unwrap_or_default();
        kind == "*" || own.eq_ignore_ascii_case(kind)
    }

    /// Whether it is JSON by RFC 8259 or RFC 6839.
    pub(crate) fn is_json(&self) -> bool {
        let suffix = self.essence.len().checked_sub(5).and_then(|at| self.essence.get(at..));
        self.is("application/json") || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
    }

    /// Whether its text is UTF-8: JSON is, where nothing is said.
    pub(crate) fn is_utf8(&self) -> bool {
        self.charset
            .is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8"))
    }
}

const WHITE: [char; 2] = [' ', '\t'];

/// `; name=value`, or an empty one, which RFC 9110 5.6.6 allows: name, value without quotes, and what follows.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix(';')?.trim_start_matches(WHITE);
    if text.is_empty() || text.starts_with(';') {
        return Some(("", "", text));
    }
    let (name, value) = text.split_once('=')?;
    if !is_token(name) {
        return None;
    }
    let (value, rest) = match value.strip_prefix('"') {
        // A quoted pair is refused: no parameter that is read here needs one.
        Some(quoted) => quoted.split_once('"').filter(|(value, _)| !value.contains('\\'))?,
        None => {
            let end = value.find([';', ' ', '\t']).unwrap_or(value.len());
            value.split_at_checked(end).filter(|(value, _)| is_token(value))?
        }
    };
    let rest = rest.trim_start_matches(WHITE);
    (rest.is_empty() || rest.starts_with(';')).then_some((name, value, rest))
}

/// RFC 9110 section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a Content-Encoding leaves the body as it is.
pub(crate) fn is_identity(value: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

    use super::*;

    #[test]
    fn one_reading() {
        for text in [
            "application/json",
            "Application/JSON ; Charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "\tapplication/json; a=b ;; charset=utf8;",
        ] {
            let media = Media::parse(text.as_bytes()).unwrap();
            assert!(
                media.is("application/json") && media.is_json() && media.is_utf8(),
                "{text}"
            );
        }
        let problem = Media::parse(b"application/problem+JSON; charset=utf-16").unwrap();
        assert!(problem.is_json() && !problem.is_utf8() && problem.is_in("application/*") && problem.is_in("*/*"));
        assert!(!problem.is_in("image/*") && !problem.is_in("application/problem+json"));
    }

    #[test]
    fn no_reading() {
        for text in [
            "",
            "json",
            "/json",
            "application/",
            "application/json, text/html",
            "application/json text/html",
            "application/json; charset",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json; charset = utf-8",
            "application/json; charset=\"utf-8",
            "application/json; charset=\"u\\tf-8\"",
            "application/json; charset=\"utf-8\"x",
            "application/j\u{e4}son",
        ] {
            assert_eq!(Media::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn coded_or_not() {
        assert!(is_identity(b"") && is_identity(b"Identity, identity"));
        assert!(!is_identity(b"gzip") && !is_identity(b"identity, br") && !is_identity(b"\xff"));
    }
}
