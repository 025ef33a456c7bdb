//! The floor plan, enforced: who may use whom, and that every module has a place in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::rust_source::{self, paths};

/// The house from the ground up. A module uses the steps below its own: none above, none beside.
const HOUSE: &[(Floor, &[&str])] = &[
    (Floor::Ground, &["address", "clock", "segment"]),
    (Floor::Ground, &["topic"]),
    (Floor::Ground, &["message"]),
    (Floor::Ground, &["event", "state"]),
    (Floor::Contracts, &["handler", "storage", "transport", "validator"]),
    // What the stores on the shelf share.
    (Floor::Contracts, &["storage::record"]),
    // What lies on a shelf stands for itself: `handlers::echo` is a module of its own.
    (
        Floor::Shelves,
        &["handlers", "transports", "validators", "storage::redis", "storage::sqlite"],
    ),
    // The engine room: what the engines are driven by.
    (Floor::Engines, &["leases"]),
    (Floor::Engines, &["consumer"]),
    (Floor::Engines, &["intake", "worker", "dispatcher", "janitor"]),
    (Floor::Wiring, &["config", "telemetry"]),
    (Floor::Wiring, &["phones", "registry"]),
    (Floor::Wiring, &["crew"]),
    (Floor::Wiring, &["script"]),
    (Floor::Wiring, &["routes"]),
    (Floor::Wiring, &["app"]),
];

const SHELVES: [&str; 3] = ["handlers", "transports", "validators"];

/// What one place alone may name: the beginning of a path, and where.
const RESERVED: [(&str, &[&str]); 2] = [("actix", &["routes", "app"]), ("std::env", &["config"])];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    Ground,
    Contracts,
    Shelves,
    Engines,
    Wiring,
}

/// A module's path, such as `["storage", "redis", "keys"]`.
type Module = Vec<String>;

#[test]
fn every_module_uses_the_floors_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    read(&root, &root, &mut sources);
    assert!(sources.len() > 10, "the sources are where they are looked for");
    let breaches = breaches(&sources);
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

fn read(root: &Path, folder: &Path, sources: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("it lies below the root");
            let text = fs::read_to_string(&path).expect("a source is text");
            sources.push((name.to_string_lossy().replace('\\', "/"), text));
        }
    }
}

/// One sentence per breach, given the files (named from src) and their texts.
fn breaches(sources: &[(String, String)]) -> Vec<String> {
    let modules: BTreeMap<Module, &str> = sources
        .iter()
        .filter(|(path, _)| path != "lib.rs")
        .map(|(path, text)| (module(path), text.as_str()))
        .collect();
    let mut breaches = BTreeSet::new();
    let mut uses: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (from, text) in &modules {
        let name = from.join("::");
        if step(&unit(from)).is_none() {
            breaches.insert(format!("{name} has no place in the house; give it one in HOUSE"));
        }
        for path in paths(text) {
            breaches.extend(reserved(from, &path.segments.join("::")));
            let Some(to) = target(from, &path, &modules) else { continue };
            breaches.extend(upward(from, &to));
            uses.entry(from).or_default().insert(to);
        }
    }
    breaches.extend(cycles(&uses));
    breaches.into_iter().collect()
}

fn module(path: &str) -> Module {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// What the house knows a module by: `worker`, `handlers::echo`, `storage::redis`.
fn unit(module: &[String]) -> String {
    let shelved = SHELVES.contains(&module[0].as_str()) || module[0] == "storage";
    module.iter().take(if shelved { 2 } else { 1 }).cloned().collect::<Vec<_>>().join("::")
}

fn step(unit: &str) -> Option<(Floor, usize)> {
    let shelf = unit.split("::").next().filter(|name| SHELVES.contains(name));
    let (at, (floor, _)) = HOUSE.iter().enumerate().find(|(_, (_, units))| {
        units.contains(&unit) || shelf.is_some_and(|shelf| units.contains(&shelf))
    })?;
    Some((*floor, at))
}

/// The module of ours that a path leads to: the longest part of it that is one. The root is the
/// empty module.
fn target(
    from: &Module,
    path: &rust_source::Path,
    modules: &BTreeMap<Module, &str>,
) -> Option<Module> {
    let mut place: Module = match path.segments[0].as_str() {
        "crate" => Vec::new(),
        "super" | "self" => from.iter().chain(&path.within).cloned().collect(),
        _ => return None,
    };
    for segment in &path.segments {
        match segment.as_str() {
            "crate" | "self" => {}
            "super" => drop(place.pop()),
            name => place.push(name.to_owned()),
        }
    }
    while !place.is_empty() && !modules.contains_key(&place) {
        place.pop();
    }
    Some(place)
}

fn upward(from: &Module, to: &Module) -> Option<String> {
    let name = from.join("::");
    if to.is_empty() {
        return Some(format!("{name} uses the root; name the module that it means"));
    }
    let (one, other) = (unit(from), unit(to));
    // A module that has no place is reported as such.
    let ((floor, at), (below, under)) = (step(&one)?, step(&other)?);
    let above = one != other && under >= at;
    let shelf = below == Floor::Shelves && floor == Floor::Engines;
    (above || shelf).then(|| format!("{name} uses {other}, which is not below it"))
}

fn reserved(from: &Module, path: &str) -> Option<String> {
    RESERVED.iter().find_map(|(beginning, homes)| {
        let foreign = path.starts_with(beginning) && !homes.contains(&from[0].as_str());
        foreign.then(|| format!("{} names {path}, which belongs to {homes:?}", from.join("::")))
    })
}

/// Rings of modules that use each other. That a part names the whole which it belongs to is none.
fn cycles(uses: &BTreeMap<&Module, BTreeSet<Module>>) -> Vec<String> {
    let mut rings = Vec::new();
    for start in uses.keys() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
        while let Some(module) = open.pop() {
            let beside =
                uses.get(module).into_iter().flatten().filter(|to| !module.starts_with(to));
            open.extend(beside.filter(|to| seen.insert(*to)));
        }
        if seen.contains(start) {
            rings.push(format!("{} is part of an import cycle", start.join("::")));
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::breaches;

    /// The breaches of a made-up house.
    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        breaches(&files)
    }

    #[test]
    fn a_sound_house_has_no_breach() {
        let house = [
            ("lib.rs", "pub mod app; pub use app::App;"),
            ("address.rs", "mod tests { use super::*; }"),
            ("message/mod.rs", "use crate::address::Address; mod wire;"),
            ("message/wire.rs", "use super::Inbound; use crate::address;"),
            ("handler.rs", "use crate::{address::{Address, Group}, message};"),
            ("handlers/echo.rs", "use crate::handler::Handler;"),
            ("storage/mod.rs", "pub mod redis;"),
            ("storage/redis/mod.rs", "use crate::storage::Storage; use self::keys::tag;"),
            ("storage/redis/keys.rs", "use super::Redis;"),
            ("consumer.rs", "use crate::storage;"),
            ("worker.rs", "use crate::consumer; use crate::handler::Handler;"),
            ("config/mod.rs", "use std::env;"),
            ("registry.rs", "use crate::handlers::echo; use crate::config::Config;"),
            ("routes/mod.rs", "use actix_web::web; // crate::registry"),
            ("app.rs", "use crate::{registry, routes}; use actix_web::App;"),
        ];
        assert_eq!(of(&house), [""; 0]);
    }

    /// What is said of two modules when the first one holds this text.
    fn of_two(first: &str, text: &str, second: &str) -> Vec<String> {
        of(&[(first, text), (second, "")])
    }

    #[test]
    fn using_a_floor_above_is_a_breach() {
        let one = ["address uses storage, which is not below it"];
        assert_eq!(of_two("address.rs", "use crate::storage::Token;", "storage/mod.rs"), one);
        assert_eq!(of_two("address.rs", "use super::storage;", "storage/mod.rs"), one);
        let inline = "mod a { fn f() { super::super::storage::f() } }";
        assert_eq!(of_two("address.rs", inline, "storage/mod.rs"), one);
        let grouped = ("address.rs", "use crate::{clock, storage::{self, Token}};");
        assert_eq!(of(&[grouped, ("clock.rs", ""), ("storage/mod.rs", "")]).len(), 2);
        assert_eq!(of_two("topic.rs", "use crate::message::Text;", "message/mod.rs").len(), 1);
        assert_eq!(
            of_two("storage/mod.rs", "use crate::storage::redis::R;", "storage/redis.rs").len(),
            1
        );
        assert_eq!(of_two("config.rs", "use crate::registry;", "registry.rs").len(), 1);
    }

    #[test]
    fn neighbours_never_know_each_other() {
        for (first, text, second) in [
            ("handlers/echo.rs", "use super::rooms::Room;", "handlers/rooms.rs"),
            ("handlers/echo.rs", "use crate::validators::length;", "validators/length.rs"),
            ("handlers/mod.rs", "use crate::handlers::echo;", "handlers/echo.rs"),
            ("validators/pattern.rs", "use crate::storage::redis::R;", "storage/redis/mod.rs"),
            ("handler.rs", "use crate::validator::Validator;", "validator.rs"),
            ("worker.rs", "use crate::dispatcher::step;", "dispatcher.rs"),
            ("janitor.rs", "use crate::intake;", "intake/mod.rs"),
            ("registry.rs", "use crate::routes;", "routes/mod.rs"),
        ] {
            assert_eq!(of_two(first, text, second).len(), 1, "{first} {text}");
        }
    }

    #[test]
    fn an_engine_knows_no_shelf() {
        for engine in ["consumer.rs", "intake.rs", "worker.rs"] {
            let text = "use crate::transports::twilio::Twilio;";
            assert_eq!(of_two(engine, text, "transports/twilio/mod.rs").len(), 1, "{engine}");
        }
    }

    #[test]
    fn a_module_without_a_place_is_a_breach() {
        assert_eq!(of(&[("utils.rs", "")]).len(), 1);
        assert_eq!(of(&[("storage/memory.rs", "")]).len(), 1);
        assert_eq!(of(&[("handlers/anything/goes.rs", "")]), [""; 0]);
    }

    #[test]
    fn the_root_is_no_way_round() {
        for text in ["use crate::App;", "use crate::*;", "use super::App;"] {
            assert_eq!(of(&[("worker.rs", text)]).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_import_cycle_is_a_breach_even_inside_one_module() {
        let ring = [
            ("config/mod.rs", ""),
            ("config/a.rs", "use super::b::B;"),
            ("config/b.rs", "use crate::config::c::C;"),
            ("config/c.rs", "use super::a;"),
        ];
        assert_eq!(of(&ring).len(), 3);
        assert_eq!(of(&ring[..3]), [""; 0]);
    }

    #[test]
    fn actix_and_the_environment_have_their_places() {
        assert_eq!(of(&[("intake.rs", "use actix_web::HttpResponse;")]).len(), 1);
        assert_eq!(of(&[("intake.rs", "fn f() { actix_rt::spawn(g()) }")]).len(), 1);
        assert_eq!(of(&[("worker.rs", "use std::{env, fs};")]).len(), 1);
        assert_eq!(of(&[("routes/mod.rs", "fn f() { std::env::var(A) }")]).len(), 1);
        assert_eq!(of(&[("intake.rs", "/// Nothing of actix_web::web here.")]), [""; 0]);
    }
}
