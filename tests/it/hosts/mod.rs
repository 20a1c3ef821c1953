//! The host matrix: every host, with an environment and a configuration file of its own, lists and calls tools of real
//! servers through `hushpipe run`.
//!
//! Hosts differ in what they give a server, in the first thing they say to it, in how they end it. What must be the same
//! stands in [`World::judge`]: the tools are listed, a call is answered, no secret is in anything the host says, sends to a
//! model or writes into its user's home, and no process lives on. The small hosts run with all other tests; the large
//! ones, some 1.2 GB, by `bash .ci/hosts`.

mod small;
mod world;

use world::{Shown, World};

/// A host: sets itself up in a world, opens the given servers, lists their tools and calls one.
type Host = fn(&World) -> Shown;

fn works(host: Host) {
    let world = World::new();
    world.judge(&host(&world));
}

#[test]
fn the_inspector_lists_and_calls() {
    works(small::inspector);
}

#[test]
fn fastmcp_lists_and_calls() {
    works(small::fastmcp);
}

#[test]
fn the_typescript_sdk_lists_and_calls() {
    works(small::typescript);
}

#[test]
fn the_second_typescript_sdk_lists_and_calls() {
    works(small::second_typescript);
}

#[test]
fn the_python_sdk_lists_and_calls() {
    works(small::python);
}
