//! The steps of the way in. Each file defines the type that it proves, and only that file can build it.

pub(crate) mod admit;
pub(crate) mod authenticate;
pub(crate) mod authorize;
pub(crate) mod body;
pub(crate) mod forward;
mod forwarded;
pub(crate) mod media;
pub(crate) mod names;
pub(crate) mod parameters;
pub(crate) mod resolve;
pub(crate) mod validate;
