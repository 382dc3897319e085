//! A small mapping by name: sorted, each name once, in one allocation; a plan has tens of thousands that hold one entry.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// A mapping by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named<T>(Box<[(Box<str>, T)]>);

impl<T> Named<T> {
    /// What has this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether something has this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Every entry, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same names with other values; names without one are left out.
    pub(super) fn filter_map<U>(self, mut change: impl FnMut(&str, T) -> Option<U>) -> Named<U> {
        let changed = self.0.into_iter().filter_map(|(name, value)| {
            let value = change(&name, value)?;
            Some((name, value))
        });
        Named(changed.collect())
    }
}

impl<T> IntoIterator for Named<T> {
    type Item = (Box<str>, T);
    type IntoIter = std::vec::IntoIter<(Box<str>, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_vec().into_iter()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Box::new([]))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Named<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Vec<(Box<str>, T)> = Vec::with_capacity(1);
        while let Some((name, value)) = map.next_entry::<Box<str>, T>()? {
            match entries.binary_search_by(|(known, _)| known.cmp(&name)) {
                Ok(_) => return Err(A::Error::custom(format!("{name} stands twice"))),
                Err(at) => entries.insert(at, (name, value)),
            }
        }
        Ok(Named(entries.into()))
    }
}
