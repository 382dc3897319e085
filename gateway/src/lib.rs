//! Acts: sockets, threads and files around the engine; decides nothing.

pub mod h1;
