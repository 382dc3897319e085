//! `uniqueItems` for fuel: whether the items of an array all differ, in time that grows as the array does. No schema is seen.
//!
//! The library's own answer hashes without kind and length, so a stranger's trees of empty arrays all collide and are compared
//! with one another. Here kind and length are hashed, what has one hash is compared, and each value that is met costs fuel.

use std::hash::{DefaultHasher, Hash, Hasher};

use jsonschema::json::cmp;
use serde_json::{Number, Value};

/// Octets of a text that cost as much as a value.
const TEXT_STEP: usize = 64;

/// Takes so many steps from the walk; false where it has none left.
pub(super) type Spend<'f> = &'f dyn Fn(usize) -> bool;

/// Whether no two items are equal as JSON Schema has it, where `1` is `1.0` and members have no order; false without fuel.
pub(super) fn is_unique(items: &[Value], spend: Spend<'_>) -> bool {
    items.len() < 2 || all_differ(items, spend).unwrap_or(false)
}

/// None: the fuel is spent.
fn all_differ(items: &[Value], spend: Spend<'_>) -> Option<bool> {
    let mut hashed = Vec::with_capacity(items.len());
    for item in items {
        let mut hasher = DefaultHasher::new();
        hash(item, &mut hasher, spend)?;
        hashed.push((hasher.finish(), item));
    }
    // Sorted, because the buckets of a table can be aimed at with a few of the hash's bits.
    hashed.sort_unstable_by_key(|(hash, _)| *hash);
    for alike in hashed.chunk_by(|(one, _), (other, _)| one == other) {
        for (number, (_, one)) in (1..).zip(alike) {
            for (_, other) in alike.iter().skip(number) {
                if equal(one, other, spend)? {
                    return Some(false);
                }
            }
        }
    }
    Some(true)
}

fn hash(value: &Value, to: &mut DefaultHasher, spend: Spend<'_>) -> Option<()> {
    spend(1).then_some(())?;
    std::mem::discriminant(value).hash(to);
    match value {
        Value::Null => {}
        Value::Bool(is_true) => is_true.hash(to),
        Value::Number(number) => hash_number(number, to),
        Value::String(text) => {
            spend(text.len() / TEXT_STEP).then_some(())?;
            text.hash(to);
        }
        Value::Array(items) => {
            items.len().hash(to);
            for item in items {
                hash(item, to, spend)?;
            }
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            members.len().hash(to);
            for (name, member) in members {
                spend(name.len() / TEXT_STEP).then_some(())?;
                name.hash(to);
                hash(member, to, spend)?;
            }
        }
    }
    Some(())
}

/// Equal numbers alike, however they are written; whole ones by all of their digits, of which a double has fewer.
fn hash_number(number: &Number, to: &mut DefaultHasher) {
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    let whole = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    match (whole, number.as_f64()) {
        (Some(whole), _) => whole.hash(to),
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and smaller than 2^64")]
        (None, Some(double)) if double.fract() == 0.0 && double.abs() < BEYOND => (double as i128).hash(to),
        (None, double) => double.map(f64::to_bits).hash(to),
    }
}

fn equal(one: &Value, other: &Value, spend: Spend<'_>) -> Option<bool> {
    spend(1).then_some(())?;
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                return Some(false);
            }
            for (one, other) in one.iter().zip(other) {
                if !equal(one, other, spend)? {
                    return Some(false);
                }
            }
            Some(true)
        }
        (Value::Object(one), Value::Object(other)) => {
            if one.len() != other.len() {
                return Some(false);
            }
            for (name, one) in one {
                match other.get(name) {
                    Some(other) if equal(one, other, spend)? => {}
                    _ => return Some(false),
                }
            }
            Some(true)
        }
        (one, other) => Some(cmp::equal(one, other)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::cell::Cell;

    use jsonschema::json::{Array, Node, Object};
    use serde_json::json;

    use super::super::visit::Visit;
    use super::*;

    /// The answer, and the steps that it cost.
    fn asked(items: &Value) -> (bool, usize) {
        let steps = Cell::new(0);
        let spend = |cost: usize| {
            steps.set(steps.get() + cost);
            true
        };
        (is_unique(items.as_array().unwrap(), &spend), steps.get())
    }

    /// Every tree of so many arrays.
    fn trees(arrays: usize) -> Vec<Value> {
        forests(arrays - 1).into_iter().map(Value::Array).collect()
    }

    fn forests(arrays: usize) -> Vec<Vec<Value>> {
        if arrays == 0 {
            return vec![Vec::new()];
        }
        let with_first = |size: usize| {
            let rests = forests(arrays - size);
            trees(size).into_iter().flat_map(move |first| {
                let with = |rest: Vec<Value>| std::iter::once(first.clone()).chain(rest).collect();
                rests.clone().into_iter().map(with).collect::<Vec<_>>()
            })
        };
        (1..=arrays).flat_map(with_first).collect()
    }

    #[test]
    fn equal_as_json_schema_has_it() {
        for (items, unique) in [
            (json!([]), true),
            (json!([null]), true),
            (json!([null, false, 0, "", [], {}]), true),
            (json!([[], [[]], [[], []], [[[]]]]), true),
            (json!([1, true, "1", [1], {"1": 1}]), true),
            (json!([[1, [2]], [[1], 2], [[1, 2]]]), true),
            (json!([{"a": "b"}, {"b": "a"}, {"a": {"b": 1}}, {"ab": 1}]), true),
            (json!([9_007_199_254_740_993_i64, 9_007_199_254_740_992.0]), true),
            (json!([u64::MAX, u64::MAX - 1, u64::MAX as f64, -1, i64::MIN]), true),
            (json!([0.1, 0.2, 1e300, -1e300]), true),
            (json!([1, 2, 1.0]), false),
            (json!([0, -0.0]), false),
            (json!([1e19, 10_000_000_000_000_000_000_u64]), false),
            (json!([i64::MIN, i64::MIN as f64]), false),
            (json!([1e300, 1e300]), false),
            (json!([null, null]), false),
            (json!(["a", "b", "a"]), false),
            (json!([[1, {"a": [2.0]}], [1, {"a": [2]}]]), false),
            (json!([{"a": 1, "b": [2]}, {"b": [2], "a": 1}]), false),
        ] {
            assert_eq!(asked(&items).0, unique, "{items}");
        }
    }

    #[test]
    fn trees_of_empty_arrays_cost_a_step_for_each_array() {
        let items: Vec<Value> = (1..=10).flat_map(trees).collect();
        let arrays: usize = (1..=10).map(|size| size * trees(size).len()).sum();
        assert_eq!((items.len(), arrays), (6918, 66_197));
        assert_eq!(asked(&Value::Array(items)), (true, arrays));
    }

    #[test]
    fn whole_numbers_beyond_a_double_do_not_collide() {
        let items: Value = (0..10_000).map(|less| Value::from(u64::MAX - less)).collect();
        assert_eq!(asked(&items), (true, 10_000));
    }

    #[test]
    fn long_texts_cost_more() {
        let texts = json!(["a".repeat(6400), "b", {"c".repeat(640): 1}]);
        assert_eq!(asked(&texts), (true, 4 + 100 + 10));
    }

    #[test]
    fn a_walk_pays_and_ends() {
        let items: Value = (0..100).map(Value::from).collect();
        let unique = |fuel: u32| {
            let visit = Visit::new("name", fuel);
            let value = visit.root(&items).as_object().unwrap().get(&"name".to_owned()).unwrap();
            (value.as_array().unwrap().is_unique(), visit.is_spent())
        };
        assert_eq!(unique(200), (true, false));
        assert_eq!(unique(100), (false, true));
    }
}
