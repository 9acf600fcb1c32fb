//! Fails when a crate reaches upward.
//!
//! A crate may name crates of lower layers only, never of its own; dev-dependencies count too. The
//! device side is a line of its own: what runs on a device must not pull in the server.

use anyhow::{Result, bail};

use crate::workspace::{Package, Workspace};

/// A folder of crates and what may be named from it.
struct Layer {
    /// Folder below `crates/`; the longest match counts.
    folder: &'static str,
    /// Higher may name lower.
    rank: u8,
    /// Further limit: the only folders that may be named at all.
    sees: Option<&'static [&'static str]>,
}

const fn layer(folder: &'static str, rank: u8) -> Layer {
    Layer { folder, rank, sees: None }
}

const fn device(folder: &'static str, rank: u8, sees: &'static [&'static str]) -> Layer {
    Layer { folder, rank, sees: Some(sees) }
}

const LAYERS: &[Layer] = &[
    layer("core", 0),
    layer("wire", 1),
    layer("ports", 1),
    layer("kernels", 2),
    layer("adapters", 2),
    layer("engines", 3),
    layer("edges", 4),
    device("device/client", 2, &["core", "wire"]),
    device("device/agent", 3, &["core", "wire", "device/client"]),
    device("device/simulate", 3, &["core", "wire", "device/client"]),
    layer("apps", 5),
    layer("dev", 6),
];

/// Upward edges that are wanted all the same: from, to, why. An entry that is no longer needed fails.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// The only crates that may name DataFusion, the heaviest thing we build.
const DATAFUSION_IN: &[&str] = &["wire/shred", "kernels/spl", "engines/siem"];

/// Fails with every breach; returns how many edges were looked at.
pub(crate) fn check(workspace: &Workspace) -> Result<usize> {
    let breaches = breaches(&workspace.packages, EXCEPTIONS);
    if !breaches.is_empty() {
        bail!("crates reach upward:\n  {}", breaches.join("\n  "));
    }
    Ok(workspace.packages.iter().map(|package| package.dependencies.len()).sum())
}

fn breaches(packages: &[Package], exceptions: &[(&str, &str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut used = vec![false; exceptions.len()];
    for package in packages {
        if rank_of(&package.folder).is_none() {
            found.push(format!("crates/{} is in no layer; give its folder one", package.folder));
        }
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if name.starts_with("datafusion") && !may_name_datafusion(&package.folder) {
                found.push(format!(
                    "{} names {name}; only {} may",
                    package.folder,
                    DATAFUSION_IN.join(", ")
                ));
            }
            let Some(other) = packages.iter().find(|other| other.name == name) else { continue };
            let excused = exceptions
                .iter()
                .position(|(from, to, _)| *from == package.folder && *to == other.folder);
            match (breach(&package.folder, &other.folder), excused) {
                (Some(_), Some(at)) => used[at] = true,
                (Some(why), None) => found.push(format!(
                    "{} → {} ({} dependency): {why}",
                    package.folder, other.folder, dependency.kind
                )),
                (None, _) => {}
            }
        }
    }
    let idle = exceptions.iter().zip(&used).filter(|(_, used)| !**used);
    found.extend(idle.map(|((from, to, _), _)| {
        format!("the exception {from} → {to} is no longer needed; remove it")
    }));
    found.sort();
    found.dedup();
    found
}

/// Why `from` may not name `to`.
fn breach(from: &str, to: &str) -> Option<String> {
    let (lower, upper) = (layer_of(to)?, layer_of(from)?);
    if lower.rank >= upper.rank {
        return Some(format!(
            "layer {} may name lower layers only, and {} is layer {}",
            upper.rank, lower.folder, lower.rank
        ));
    }
    match upper.sees {
        Some(seen) if !seen.iter().any(|folder| is_in(to, folder)) => {
            Some(format!("the device side may name {} only", seen.join(", ")))
        }
        _ => None,
    }
}

fn rank_of(folder: &str) -> Option<u8> {
    layer_of(folder).map(|layer| layer.rank)
}

fn layer_of(folder: &str) -> Option<&'static Layer> {
    LAYERS.iter().filter(|layer| is_in(folder, layer.folder)).max_by_key(|layer| layer.folder.len())
}

fn may_name_datafusion(folder: &str) -> bool {
    DATAFUSION_IN.contains(&folder) || is_in(folder, "apps") || is_in(folder, "dev")
}

fn is_in(folder: &str, parent: &str) -> bool {
    folder == parent || folder.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Crates as `folder: name name…`, where a leading `dev:` marks a dev-dependency.
    fn crates(lines: &[&str]) -> Vec<Package> {
        let packages: Vec<_> = lines
            .iter()
            .map(|line| {
                let (folder, names) = line.split_once(':').unwrap();
                let dependencies: Vec<_> = names
                    .split_whitespace()
                    .map(|name| match name.strip_prefix("dev=") {
                        Some(name) => json!({"name": name, "kind": "dev"}),
                        None => json!({"name": name, "kind": null}),
                    })
                    .collect();
                json!({
                    "name": folder.replace('/', "-"),
                    "manifest_path": format!("/checkout/crates/{folder}/Cargo.toml"),
                    "dependencies": dependencies,
                })
            })
            .collect();
        let metadata = json!({
            "workspace_root": "/checkout",
            "target_directory": "/checkout/target",
            "packages": packages,
        });
        Workspace::read(&metadata).unwrap().packages
    }

    fn found(lines: &[&str]) -> String {
        breaches(&crates(lines), &[]).join("\n")
    }

    #[test]
    fn reaching_down_is_fine() {
        let lines = [
            "core: serde",
            "ports: core",
            "kernels/spl: core ports datafusion",
            "engines/siem: kernels-spl ports datafusion-common",
            "edges/gateway: engines-siem core",
            "device/client: core",
            "device/agent: device-client core",
            "apps/picket: edges-gateway engines-siem device-agent",
            "dev/bench: apps-picket",
        ];
        assert_eq!(found(&lines), "");
    }

    #[test]
    fn an_engine_may_not_name_an_edge_nor_another_engine() {
        let text = found(&[
            "edges/gateway:",
            "engines/rules:",
            "engines/siem: edges-gateway engines-rules",
        ]);
        assert!(text.contains("engines/siem → edges/gateway"), "{text}");
        assert!(text.contains("engines/siem → engines/rules"), "{text}");
        assert!(text.contains("layer 3 may name lower layers only"), "{text}");
    }

    #[test]
    fn dev_dependencies_count() {
        let text = found(&["adapters/fjall:", "kernels/policy: dev=adapters-fjall"]);
        assert!(text.contains("kernels/policy → adapters/fjall (dev dependency)"), "{text}");
    }

    #[test]
    fn the_device_side_may_not_name_the_servers_contracts() {
        let text = found(&["ports:", "device/client: ports", "device/agent: ports"]);
        assert!(
            text.contains("device/client → ports (normal dependency): the device side"),
            "{text}"
        );
        assert!(text.contains("device/agent → ports"), "{text}");
    }

    #[test]
    fn datafusion_is_named_in_few_crates() {
        let text = found(&["engines/detect: datafusion-expr", "apps/picket: datafusion"]);
        assert_eq!(
            text,
            "engines/detect names datafusion-expr; only wire/shred, kernels/spl, engines/siem may"
        );
    }

    #[test]
    fn a_folder_without_a_layer_is_named() {
        assert!(found(&["misc/things:"]).contains("crates/misc/things is in no layer"));
        assert!(found(&["corelike:"]).contains("crates/corelike is in no layer"));
    }

    #[test]
    fn an_exception_excuses_one_edge_and_must_be_used() {
        let packages = crates(&["engines/rules:", "engines/siem: engines-rules"]);
        let excused = [("engines/siem", "engines/rules", "a test")];
        assert!(breaches(&packages, &excused).is_empty());
        let packages = crates(&["engines/rules:", "engines/siem:"]);
        let text = breaches(&packages, &excused).join("\n");
        assert!(text.contains("no longer needed"), "{text}");
    }

    #[test]
    fn this_workspace_keeps_its_layers() {
        check(&Workspace::load().unwrap()).unwrap();
    }
}
