//! Compiled plans for tests, as Python would write them.

use serde_json::{Value, json};
use yett_engine::reason::CATALOGUE_HASH;

/// An operation that everybody may call.
pub(crate) fn operation(id: &str, method: &str, path: &str) -> Value {
    let parameters: Vec<Value> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| {
            json!({"in": "path", "name": name, "required": true, "style": "simple", "explode": false,
                   "types": ["string"], "schema": "#/$defs/any"})
        })
        .collect();
    let any = json!({"application/json": null, "*/*": null});
    json!({"id": id, "method": method, "path": path, "security": [[]], "parameters": parameters,
           "replies": {"default": {"content": any}}})
}

/// An API with these operations before this upstream.
pub(crate) fn api(upstream: &str, operations: &[Value]) -> Value {
    json!({
        "name": "shop", "hosts": ["*"], "base": "", "mode": "enforce", "unlisted": "enforce",
        "upstream": {"urls": [upstream], "timeout": 5000, "connect": 2000},
        "credentials": {}, "limits": [],
        "contract": {"requests": "enforce", "replies": "enforce", "undeclared_fields": "drop",
                     "undeclared_errors": "replace", "body_bytes": 65536, "reply_bytes": 65536, "json_depth": 32},
        "headers": [["x-content-type-options", "nosniff"]],
        "schemas": {"any": {}},
        "operations": operations,
    })
}

/// A plan with these APIs.
pub(crate) fn plan(apis: Vec<Value>) -> Value {
    json!({
        "yett": 1, "catalogue": CATALOGUE_HASH,
        "gateway": {
            "listen": [{"address": "127.0.0.1:0", "tls": null}], "admin": "127.0.0.1:0", "threads": 2, "trusted_proxies": [],
            "head": {"bytes": 4096, "headers": 50, "target": 1024},
            "timeouts": {"head": 5000, "body": 5000, "idle": 5000, "drain": 5000},
            "held_bytes": 1_000_000, "connections": 500, "evidence": [],
        },
        "apis": apis,
    })
}
