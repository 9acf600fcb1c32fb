//! The table of operations in `docs/reference/aws-operations.md`, written from the lists.

use std::fmt::Write as _;

use crate::operation::{Access, Service};
use crate::services::SERVICES;

const HEAD: &str = "# AWS operations

The AWS endpoint answers these operations. This page is written from the code; do not edit it.
Access `read` is open to every user, `write` to admins, `data` to admins and to devices with a client certificate,
`devices` to devices alone, `open` to whoever has signed, `trust` to whom the trust policy of a role lets.
The session of a role may do what the role's policies say, whatever the access.
Writes and sessions are recorded in the audit trail.
";

/// The page.
pub fn operations_page() -> String {
    let mut out = String::from(HEAD);
    for service in SERVICES {
        service_into(&mut out, service);
    }
    out
}

fn service_into(out: &mut String, service: &Service) {
    let mut here: Vec<_> = service.all().collect();
    here.sort_unstable_by_key(|operation| operation.name);
    let modelled = service.modelled().count();
    let (name, count) = (service.name, here.len());
    // Writing to a String cannot fail.
    let mut line = |text: String| writeln!(out, "{text}").unwrap_or_default();
    line(format!("\n## {name}\n\n{count} of the {modelled} operations of AWS's model.\n"));
    if !here.is_empty() {
        line("| operation | access | request |\n|---|---|---|".to_owned());
    }
    for operation in &here {
        let access = match operation.access {
            Access::Read => "read",
            Access::Write => "write",
            Access::Data => "data",
            Access::DeviceRead => "read, devices",
            Access::DeviceWrite => "write, devices",
            Access::Device => "devices",
            Access::Open => "open",
            Access::Assume => "trust",
        };
        line(format!(
            "| {} | {access} | `{} {}` |",
            operation.name, operation.method, operation.path
        ));
    }
    let absent: Vec<&str> = service
        .modelled()
        .map(|(name, ..)| name)
        .filter(|name| !here.iter().any(|operation| operation.name == *name))
        .collect();
    if !absent.is_empty() {
        line(format!("\nNot here: {}.", absent.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_the_one_the_code_writes() {
        let page =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/reference/aws-operations.md");
        expect_test::expect_file![page].assert_eq(&operations_page());
    }

    #[test]
    fn every_operation_is_one_of_aws_s_with_its_method_and_path() {
        for service in SERVICES {
            for operation in service.all() {
                let found = service.modelled().find(|(name, ..)| *name == operation.name);
                let (name, method, path) =
                    found.unwrap_or_else(|| panic!("AWS has no {}", operation.name));
                assert_eq!(operation.method.as_str(), method, "{name}");
                assert_eq!(operation.path.replace("+}", "}"), path.replace("+}", "}"), "{name}");
            }
        }
    }
}
