//! The floors of the source tree: every folder has one, and imports only those below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::rust_source::{self, paths};

/// The floors from the ground up. A folder uses the floors below its own: none above, none beside.
const FLOORS: &[&[&str]] = &[
    &["model"],
    &["contracts"],
    &["http_client"],
    &["stores", "transports", "validators", "handlers"],
    &["engine"],
    &["http"],
    &["tester", "pages", "api", "admin", "fake_twilio"],
    &["app"],
];

/// Folders whose parts stand for themselves: `handlers::echo` is a unit of its own.
const SHELVES: [&str; 4] = ["stores", "transports", "validators", "handlers"];

/// The floor that never names a shelf, although it lies above it.
const NO_SHELF: &str = "engine";

/// Paths that only some folders may name: the beginning of the path, and the folders.
const RESERVED: [(&str, &[&str]); 2] = [
    ("actix", &["http", "tester", "pages", "api", "admin", "fake_twilio", "app"]),
    ("std::env", &["app"]),
];

/// A module's path, such as `["storage", "redis", "keys"]`.
type Module = Vec<String>;

#[test]
fn modules_import_only_lower_floors() {
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
        if floor(&unit(from)).is_none() {
            breaches.insert(format!("{name} has no floor; add its folder to FLOORS"));
        }
        for path in paths(text) {
            breaches.extend(reserved(from, &path.segments.join("::")));
            let Some(to) = target(from, &path, &modules) else { continue };
            breaches.extend(upward_import(from, &to));
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

/// The unit that a module belongs to: its folder, or its part of a shelf.
fn unit(module: &[String]) -> String {
    let length = if SHELVES.contains(&module[0].as_str()) { 2 } else { 1 };
    module.iter().take(length).cloned().collect::<Vec<_>>().join("::")
}

fn folder(unit: &str) -> &str {
    unit.split("::").next().unwrap_or_default()
}

fn floor(unit: &str) -> Option<usize> {
    FLOORS.iter().position(|folders| folders.contains(&folder(unit)))
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

fn upward_import(from: &Module, to: &Module) -> Option<String> {
    let name = from.join("::");
    if to.is_empty() {
        return Some(format!("{name} uses the root; name the module that it means"));
    }
    let (one, other) = (unit(from), unit(to));
    // A module without a floor is reported as such.
    let (upper, lower) = (floor(&one)?, floor(&other)?);
    let upward = one != other && lower >= upper;
    let shelf = folder(&one) == NO_SHELF && SHELVES.contains(&folder(&other));
    (upward || shelf).then(|| format!("{name} uses {other}, which is not below it"))
}

fn reserved(from: &Module, path: &str) -> Option<String> {
    RESERVED.iter().find_map(|(beginning, homes)| {
        let foreign = path.starts_with(beginning) && !homes.contains(&from[0].as_str());
        foreign.then(|| format!("{} names {path}, which belongs to {homes:?}", from.join("::")))
    })
}

/// Import cycles. A part that names the module which contains it is none.
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
    fn imports_of_lower_floors_are_allowed() {
        let files = [
            ("lib.rs", "pub mod app; pub use app::App;"),
            ("model/address.rs", "mod tests { use super::*; }"),
            ("model/message/mod.rs", "use crate::model::address::Address; mod wire;"),
            ("model/message/wire.rs", "use super::Inbound; use crate::model::address;"),
            ("contracts/handler.rs", "use crate::model::{address::{Address, Group}, message};"),
            ("contracts/storage/mod.rs", "use crate::contracts::settings::Section;"),
            ("contracts/settings.rs", ""),
            ("handlers/mod.rs", "pub mod echo;"),
            ("handlers/echo.rs", "use crate::contracts::handler::Handler;"),
            ("stores/redis/mod.rs", "use crate::contracts::storage::Storage; use self::keys::tag;"),
            ("stores/redis/keys.rs", "use super::Redis;"),
            ("engine/mod.rs", "pub mod consumer;"),
            ("engine/consumer.rs", "use crate::contracts::storage;"),
            ("engine/worker.rs", "use crate::engine::consumer; use crate::contracts::handler::H;"),
            ("http/mod.rs", "use actix_web::web; // crate::app::registry"),
            ("tester/pages.rs", "use crate::http::body;"),
            ("app/config.rs", "use std::env;"),
            ("app/registry.rs", "use crate::handlers::echo; use crate::app::config::Config;"),
            ("app/mod.rs", "use crate::{engine, http}; use actix_web::App;"),
        ];
        assert_eq!(of(&files), [""; 0]);
    }

    /// The breaches of two modules of which the first holds this text.
    fn of_two(first: &str, text: &str, second: &str) -> Vec<String> {
        of(&[(first, text), (second, "")])
    }

    #[test]
    fn import_of_an_upper_floor_is_a_breach() {
        let one = ["model::address uses contracts, which is not below it"];
        let (address, storage) = ("model/address.rs", "contracts/storage.rs");
        assert_eq!(of_two(address, "use crate::contracts::storage::Token;", storage), one);
        assert_eq!(of_two(address, "use super::super::contracts::storage;", storage), one);
        let inline = "mod a { fn f() { super::super::super::contracts::storage::f() } }";
        assert_eq!(of_two(address, inline, storage), one);
        let grouped = (address, "use crate::{model::clock, contracts::storage::{self, Token}};");
        assert_eq!(of(&[grouped, ("model/clock.rs", ""), (storage, "")]), one);
        let store = "stores/redis.rs";
        assert_eq!(of_two(storage, "use crate::stores::redis::R;", store).len(), 1);
        assert_eq!(of_two("http/mod.rs", "use crate::tester::Board;", "tester/mod.rs").len(), 1);
        assert_eq!(of_two("tester/a.rs", "use crate::app::registry;", "app/registry.rs").len(), 1);
    }

    #[test]
    fn import_between_parts_of_shelves_is_a_breach() {
        for (first, text, second) in [
            ("handlers/echo.rs", "use super::rooms::Room;", "handlers/rooms.rs"),
            ("handlers/echo.rs", "use crate::validators::length;", "validators/length.rs"),
            ("validators/pattern.rs", "use crate::stores::redis::R;", "stores/redis/mod.rs"),
            ("stores/redis/mod.rs", "use crate::stores::sqlite::S;", "stores/sqlite/mod.rs"),
        ] {
            assert_eq!(of_two(first, text, second).len(), 1, "{first} {text}");
        }
    }

    #[test]
    fn import_of_a_shelf_by_an_engine_is_a_breach() {
        for engine in ["engine/consumer.rs", "engine/intake.rs", "engine/worker.rs"] {
            let text = "use crate::transports::twilio::Twilio;";
            assert_eq!(of_two(engine, text, "transports/twilio/mod.rs").len(), 1, "{engine}");
        }
    }

    #[test]
    fn folder_without_a_floor_is_a_breach() {
        assert_eq!(of(&[("utils.rs", "")]).len(), 1);
        assert_eq!(of(&[("helpers/memory.rs", "")]).len(), 1);
        assert_eq!(of(&[("handlers/anything/goes.rs", "")]), [""; 0]);
    }

    #[test]
    fn import_through_the_root_is_a_breach() {
        for text in ["use crate::App;", "use crate::*;", "use super::super::App;"] {
            assert_eq!(of(&[("engine/worker.rs", text)]).len(), 1, "{text}");
        }
    }

    #[test]
    fn import_cycle_is_a_breach_even_inside_one_folder() {
        let ring = [
            ("app/config/mod.rs", ""),
            ("app/config/a.rs", "use super::b::B;"),
            ("app/config/b.rs", "use crate::app::config::c::C;"),
            ("app/config/c.rs", "use super::a;"),
        ];
        assert_eq!(of(&ring).len(), 3);
        assert_eq!(of(&ring[..3]), [""; 0]);
    }

    #[test]
    fn reserved_paths_are_named_only_by_their_folders() {
        let intake = "engine/intake.rs";
        assert_eq!(of(&[(intake, "use actix_web::HttpResponse;")]).len(), 1);
        assert_eq!(of(&[(intake, "fn f() { actix_rt::spawn(g()) }")]).len(), 1);
        assert_eq!(of(&[("engine/worker.rs", "use std::{env, fs};")]).len(), 1);
        assert_eq!(of(&[("http/mod.rs", "fn f() { std::env::var(A) }")]).len(), 1);
        assert_eq!(of(&[(intake, "/// Nothing of actix_web::web here.")]), [""; 0]);
    }
}
