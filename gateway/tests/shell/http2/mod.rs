//! Clients of HTTP/2: streams are exchanges as any other, and what is malformed or floods goes no further.

mod floods;
mod malformed;
mod streams;
