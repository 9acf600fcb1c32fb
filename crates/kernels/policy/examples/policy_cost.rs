//! What a decision costs: `cargo run --release -p picket-policy --example policy_cost`.
//!
//! Nothing here is part of the product.

#![expect(clippy::unwrap_used, reason = "an example that cannot start may panic")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use picket_core::Account;
use picket_policy::{Action, Authorizer, CompiledPolicy, PolicyDocument, Subject, ThingFacts};

/// Ten statements as a fleet may have them.
const POLICY: &str = include_str!("ten_statements.json");

fn main() {
    let account = Account::default();
    let text = POLICY;
    per_call("parse the document", || PolicyDocument::parse(black_box(text)).unwrap());
    let document = Arc::new(PolicyDocument::parse(text).unwrap());
    let subject = pump();
    let compile = || CompiledPolicy::new(&account, Arc::clone(&document), black_box(&subject));
    per_call("compile it for a connection", compile);
    println!("{:<44} {:>9} bytes", "a connection's compiled policy", compile().bytes());
    let rights: Authorizer = [Arc::new(compile())].into_iter().collect();
    for (action, name) in [
        (Action::Connect, "pump-17"),
        (Action::Publish, "things/pump-17/telemetry/temperature"),
        (Action::Publish, "$aws/things/pump-17/defender/metrics/json"),
        (Action::Publish, "things/pump-17/secret"),
        (Action::Publish, "elsewhere"),
        (Action::Subscribe, "things/pump-17/commands/#"),
        (Action::Receive, "broadcast/all/firmware"),
    ] {
        let decision = rights.check(action, name);
        let title = format!("{} {name}", action.name());
        per_call(&title, || rights.check(black_box(action), black_box(name)));
        println!("{:<44} {decision:?}", "");
    }
}

fn pump() -> Subject {
    Subject {
        client_id: Some("pump-17".to_owned()),
        source_ip: Some([10, 0, 0, 7].into()),
        thing: Some(ThingFacts {
            name: "pump-17".to_owned(),
            type_name: Some("pump".to_owned()),
            attributes: vec![("site".to_owned(), "north".to_owned())],
        }),
        is_attached: true,
        ..Subject::default()
    }
}

const BATCHES: u32 = 200;
const CALLS: u32 = 500;

/// Prints what one call takes: of many batches the fastest, as others may use the machine too.
fn per_call<T>(title: &str, act: impl Fn() -> T) {
    let batch = |_| {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(act());
        }
        start.elapsed()
    };
    let fastest = (0..BATCHES).map(batch).min().unwrap_or_default();
    let ns = fastest.as_secs_f64() * 1e9 / f64::from(CALLS);
    println!("{title:<44} {ns:>9.1} ns");
}
