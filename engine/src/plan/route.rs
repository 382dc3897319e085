//! Finds the operation of a path: a radix tree over whole segments, and own patterns where a segment holds more than one thing.

use std::collections::BTreeMap;
use std::ops::Range;

use smallvec::SmallVec;

/// Where each path parameter stands in the path, in the order of the template.
pub(crate) type Spans = SmallVec<[Range<usize>; 4]>;

/// One template.
struct Route {
    /// Patterns of the segments that hold parameters, in order.
    patterns: Vec<Vec<Part>>,
    names: Vec<Box<str>>,
    /// Method to index of the operation.
    methods: Vec<(Box<str>, u32)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    Parameter,
}

/// The paths of one API.
#[derive(Default)]
pub(crate) struct Router {
    tree: matchit::Router<usize>,
    keys: BTreeMap<String, usize>,
    /// Templates that share a key of the tree, most literal first.
    routes: Vec<Vec<Route>>,
}

/// What a path leads to.
pub(crate) enum Found<'r> {
    /// No template.
    Nothing,
    /// A template can be read in two ways; this is the first.
    Ambiguous(Path<'r>),
    /// One template.
    Path(Path<'r>),
}

/// A template that matched.
pub(crate) struct Path<'r> {
    route: &'r Route,
    /// Where the parameters' values stand, in the order of the template.
    pub(crate) spans: Spans,
}

impl<'r> Path<'r> {
    /// The operation of a method.
    pub(crate) fn operation(&self, method: &str) -> Option<u32> {
        self.route
            .methods
            .iter()
            .find(|(known, _)| **known == *method)
            .map(|(_, index)| *index)
    }

    /// The methods that the template has.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &'r str> {
        self.route.methods.iter().map(|(method, _)| &**method)
    }
}

impl Router {
    /// Adds an operation and gives the names of its path parameters in order.
    ///
    /// # Errors
    /// What is wrong with the template, as text.
    pub(crate) fn add(&mut self, template: &str, method: &str, operation: u32) -> Result<(), String> {
        let (key, patterns, names) = read(template)?;
        let slot = self.slot(key)?;
        let Some(routes) = self.routes.get_mut(slot) else {
            return Err("its place in the tree is lost".into());
        };
        match routes.iter_mut().find(|route| route.patterns == patterns) {
            Some(route) if route.names != names => Err(format!(
                "{template} overlaps a template that names its parameters differently"
            )),
            Some(route) if route.methods.iter().any(|(known, _)| **known == *method) => {
                Err(format!("{method} {template} stands twice"))
            }
            Some(route) => {
                route.methods.push((method.into(), operation));
                Ok(())
            }
            None => {
                routes.push(Route {
                    patterns,
                    names,
                    methods: vec![(method.into(), operation)],
                });
                routes.sort_by_key(|route| std::cmp::Reverse(route.literals()));
                Ok(())
            }
        }
    }

    /// The template of a decoded path below the API's base.
    pub(crate) fn find(&self, path: &str) -> Found<'_> {
        let Ok(matched) = self.tree.at(path) else {
            return Found::Nothing;
        };
        let Some(routes) = self.routes.get(*matched.value) else {
            return Found::Nothing;
        };
        let segments: SmallVec<[&str; 4]> = matched.params.iter().map(|(_, value)| value).collect();
        for route in routes {
            match route.split(path, &segments) {
                Split::None => {}
                Split::Many(spans) => return Found::Ambiguous(Path { route, spans }),
                Split::One(spans) => return Found::Path(Path { route, spans }),
            }
        }
        Found::Nothing
    }

    fn slot(&mut self, key: String) -> Result<usize, String> {
        if let Some(slot) = self.keys.get(&key) {
            return Ok(*slot);
        }
        let slot = self.routes.len();
        self.tree.insert(key.clone(), slot).map_err(|error| error.to_string())?;
        self.keys.insert(key, slot);
        self.routes.push(Vec::new());
        Ok(slot)
    }
}

/// How often a text fits a template.
enum Split {
    None,
    One(Spans),
    /// In two ways or more; where the parameters stand in the first.
    Many(Spans),
}

impl Route {
    fn literals(&self) -> usize {
        let length = |part: &Part| if let Part::Literal(text) = part { text.len() } else { 0 };
        self.patterns.iter().flatten().map(length).sum()
    }

    fn split(&self, path: &str, segments: &[&str]) -> Split {
        let (mut spans, mut is_ambiguous) = (Spans::new(), false);
        for (pattern, segment) in self.patterns.iter().zip(segments) {
            let at = segment.as_ptr().addr().saturating_sub(path.as_ptr().addr());
            let mut ways = Ways {
                found: SmallVec::new(),
                count: 0,
            };
            ways.walk(pattern, segment, at, &mut Spans::new());
            if ways.count == 0 {
                return Split::None;
            }
            is_ambiguous |= ways.count > 1;
            spans.extend(ways.found);
        }
        if is_ambiguous {
            Split::Many(spans)
        } else {
            Split::One(spans)
        }
    }
}

/// The ways to read one segment; counting stops at two.
struct Ways {
    found: Spans,
    count: usize,
}

impl Ways {
    fn walk(&mut self, pattern: &[Part], rest: &str, at: usize, so_far: &mut Spans) {
        match pattern {
            _ if self.count > 1 => {}
            [] if rest.is_empty() => {
                if self.count == 0 {
                    self.found.clone_from(so_far);
                }
                self.count += 1;
            }
            [] => {}
            [Part::Literal(text), tail @ ..] => {
                if let Some(after) = rest.strip_prefix(&**text) {
                    self.walk(tail, after, at + text.len(), so_far);
                }
            }
            [Part::Parameter] => {
                if !rest.is_empty() {
                    so_far.push(at..at + rest.len());
                    self.walk(&[], "", at, so_far);
                    so_far.pop();
                }
            }
            [Part::Parameter, tail @ ..] => {
                for end in rest.char_indices().map(|(end, _)| end).skip(1) {
                    so_far.push(at..at + end);
                    self.walk(tail, rest.get(end..).unwrap_or_default(), at + end, so_far);
                    so_far.pop();
                }
            }
        }
    }
}

/// A template as a key of the tree, the patterns of its segments with parameters, and the parameters' names.
type Template = (String, Vec<Vec<Part>>, Vec<Box<str>>);

fn read(template: &str) -> Result<Template, String> {
    let Some(rest) = template.strip_prefix('/') else {
        return Err(format!("{template} does not start with /"));
    };
    let (mut key, mut patterns, mut names) = (String::new(), Vec::new(), Vec::new());
    for segment in rest.split('/') {
        let pattern = parts(segment, &mut names).ok_or_else(|| format!("{template}: {segment} is not a segment"))?;
        key.push('/');
        if pattern.contains(&Part::Parameter) {
            key.push_str(&format!("{{p{}}}", patterns.len()));
            patterns.push(pattern);
        } else {
            key.push_str(&segment.replace('{', "{{").replace('}', "}}"));
        }
    }
    Ok((key, patterns, names))
}

fn parts(segment: &str, names: &mut Vec<Box<str>>) -> Option<Vec<Part>> {
    let (mut pattern, mut rest) = (Vec::new(), segment);
    while !rest.is_empty() {
        let open = rest.find('{').unwrap_or(rest.len());
        let (literal, after) = rest.split_at(open);
        if !literal.is_empty() {
            pattern.push(Part::Literal(literal.into()));
        }
        rest = after;
        if let Some(inside) = after.strip_prefix('{') {
            let (name, after) = inside.split_once('}')?;
            if name.is_empty() || pattern.last() == Some(&Part::Parameter) {
                return None;
            }
            names.push(name.into());
            pattern.push(Part::Parameter);
            rest = after;
        }
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    fn found(templates: &[&str], path: &str) -> Option<(u32, Vec<String>)> {
        let mut router = Router::default();
        for (index, template) in (0..).zip(templates) {
            router.add(template, "GET", index).unwrap();
        }
        match router.find(path) {
            Found::Nothing => None,
            Found::Ambiguous(_) => panic!("ambiguous"),
            Found::Path(found) => {
                let values = found
                    .spans
                    .iter()
                    .map(|span| path.get(span.clone()).unwrap().to_owned())
                    .collect();
                Some((found.operation("GET").unwrap(), values))
            }
        }
    }

    #[test]
    fn literal_comes_before_parameter() {
        let templates = ["/users/{id}", "/users/me", "/users/{id}.json", "/"];
        assert_eq!(found(&templates, "/users/me"), Some((1, vec![])));
        assert_eq!(found(&templates, "/users/7"), Some((0, vec!["7".into()])));
        assert_eq!(found(&templates, "/users/7.json"), Some((2, vec!["7".into()])));
        assert_eq!(found(&templates, "/"), Some((3, vec![])));
        assert_eq!(found(&templates, "/users/"), None);
        assert_eq!(found(&templates, "/users/7/"), None);
    }

    #[test]
    fn two_parameters_in_one_segment_have_one_answer_or_none() {
        let templates = ["/range/{from}-{to}"];
        assert_eq!(found(&templates, "/range/1-2"), Some((0, vec!["1".into(), "2".into()])));
        assert_eq!(found(&templates, "/range/-2"), None);
        let mut router = Router::default();
        router.add("/range/{from}-{to}", "GET", 0).unwrap();
        assert!(matches!(router.find("/range/1-2-3"), Found::Ambiguous(_)));
        assert!(router.add("/x/{a}{b}", "GET", 1).is_err());
    }

    #[test]
    fn templates_that_overlap_are_refused() {
        let mut router = Router::default();
        router.add("/a/{x}", "GET", 0).unwrap();
        assert!(router.add("/a/{y}", "POST", 1).is_err());
        assert!(router.add("/a/{x}", "GET", 1).is_err());
        assert!(router.add("/a/{x}", "POST", 1).is_ok());
    }
}
