//! A JSON value as the schema library walks it: below one member that names the schema, and for a bounded number of steps.
//!
//! Two needs meet here. All schemas of an API are compiled as the members of one object, so that what they share is compiled
//! once; a value is shown as that member without being moved. And the library's list of errors grows with the power of the
//! depth under unions that contain themselves: a few hundred bytes from a stranger would cost minutes. Each step into a value
//! costs fuel, and so do some looks at what has nothing to step into; without fuel, arrays and objects look empty and the walk
//! ends. What judges one value without a step is bounded when a plan is loaded (`weight`).

use std::borrow::Cow;
use std::cell::Cell;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use serde_json::{Map, Number, Value};

use super::unique;

const LOOKS: u32 = 16;

/// The representation that schemas are compiled for.
pub(super) struct Visited;

/// One walk over one value.
pub(super) struct Visit<'v> {
    name: &'v str,
    fuel: Cell<u32>,
    looks: Cell<u32>,
}

impl<'v> Visit<'v> {
    /// A walk of so many steps by the schema of this name.
    pub(super) fn new(name: &'v str, fuel: u32) -> Self {
        Self {
            name,
            fuel: Cell::new(fuel),
            looks: Cell::new(0),
        }
    }

    /// The object whose only member is the value.
    pub(super) fn root<'a>(&'a self, value: &'a Value) -> At<'a> {
        At {
            value,
            visit: Some(self),
            root: true,
        }
    }

    /// Whether the walk ended early: then what was found means nothing.
    pub(super) fn is_spent(&self) -> bool {
        self.fuel.get() == 0
    }

    fn step(&self) -> bool {
        self.spend(1)
    }

    /// Looks at a value that is no array and no object: so many cost as much as a step.
    fn look(&self) {
        let looks = self.looks.get() + 1;
        self.looks.set(looks % LOOKS);
        if looks == LOOKS {
            self.spend(1);
        }
    }

    fn spend(&self, steps: usize) -> bool {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let left = self.fuel.get().saturating_sub(steps);
        self.fuel.set(left);
        left > 0
    }
}

/// A place in the walk.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    value: &'a Value,
    /// None: the name of a member, shown as a string.
    visit: Option<&'a Visit<'a>>,
    root: bool,
}

impl<'a> At<'a> {
    fn below(self, value: &'a Value) -> Self {
        Self {
            value,
            visit: self.visit,
            root: false,
        }
    }

    fn step(&self) -> bool {
        self.visit.is_none_or(Visit::step)
    }
}

impl Json for Visited {
    type Node<'a> = At<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(At<'_>) -> T) -> T {
        f(At {
            value: &Value::String(string.to_owned()),
            visit: None,
            root: false,
        })
    }
}

impl<'a> Node<'a, Visited> for At<'a> {
    type Object = Members<'a>;
    type Array = Elements<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        let members = if self.root { None } else { Some(self.value.as_object()?) };
        self.step().then_some(Members { at: *self, members })
    }

    fn as_array(&self) -> Option<Elements<'a>> {
        let elements = if self.root { None } else { self.value.as_array() }?;
        self.step().then_some(Elements { at: *self, elements })
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.visit.inspect(|visit| visit.look());
        self.value.as_str().filter(|_| !self.root).map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        self.visit.inspect(|visit| visit.look());
        self.value.as_number().filter(|_| !self.root)
    }

    fn as_boolean(&self) -> Option<bool> {
        self.value.as_bool().filter(|_| !self.root)
    }

    fn is_null(&self) -> bool {
        self.value.is_null() && !self.root
    }

    fn json_type(&self) -> JsonType {
        if let (Some(visit), false) = (self.visit, self.root) {
            visit.look();
        }
        match self.value {
            _ if self.root => JsonType::Object,
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Number(_) => JsonType::Number,
            Value::String(_) => JsonType::String,
            Value::Array(_) => JsonType::Array,
            Value::Object(_) => JsonType::Object,
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        self.step();
        Cow::Borrowed(self.value)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        let address = std::ptr::from_ref(self.value) as usize;
        Some(NodeIdentity::tagged(address, u32::from(self.root)))
    }
}

/// An object in the walk.
pub(super) struct Members<'a> {
    at: At<'a>,
    /// None: the object whose only member is the value.
    members: Option<&'a Map<String, Value>>,
}

impl<'a> Object<'a, Visited> for Members<'a> {
    type Node = At<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.members.map_or(1, Map::len)
    }

    fn get(&self, key: &String) -> Option<At<'a>> {
        let value = match self.members {
            Some(members) => members.get(key)?,
            None => self.at.visit.filter(|visit| visit.name == key).map(|_| self.at.value)?,
        };
        Some(self.at.below(value))
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter {
            at: self.at,
            members: self.members.map(Map::iter),
            only: self.at.visit.filter(|_| self.members.is_none()).map(|visit| visit.name),
        }
    }
}

/// The members of an object in the walk.
pub(super) struct MembersIter<'a> {
    at: At<'a>,
    members: Option<serde_json::map::Iter<'a>>,
    only: Option<&'a str>,
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, At<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(name) = self.only.take() {
            return Some((name, self.at.below(self.at.value)));
        }
        let (name, value) = self.members.as_mut()?.next()?;
        self.at.step().then(|| (name.as_str(), self.at.below(value)))
    }
}

/// An array in the walk.
pub(super) struct Elements<'a> {
    at: At<'a>,
    elements: &'a [Value],
}

impl<'a> Array<'a, Visited> for Elements<'a> {
    type Node = At<'a>;
    type ElementsIter = ElementsIter<'a>;

    fn len(&self) -> usize {
        self.elements.len()
    }

    fn elements(&self) -> ElementsIter<'a> {
        ElementsIter {
            at: self.at,
            elements: self.elements.iter(),
        }
    }

    fn is_unique(&self) -> bool {
        let spend = |steps| self.at.visit.is_none_or(|visit| visit.spend(steps));
        unique::is_unique(self.elements, &spend)
    }
}

/// The elements of an array in the walk.
pub(super) struct ElementsIter<'a> {
    at: At<'a>,
    elements: std::slice::Iter<'a, Value>,
}

impl<'a> Iterator for ElementsIter<'a> {
    type Item = At<'a>;

    fn next(&mut self) -> Option<At<'a>> {
        let value = self.elements.next()?;
        self.at.step().then(|| self.at.below(value))
    }
}
