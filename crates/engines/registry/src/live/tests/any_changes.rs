//! Whatever is done to the registry, in any order.

use picket_ports::RegistryError;
use picket_ports::directory::Principal;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

const THINGS: [&str; 4] = ["pump", "valve", "meter", "gate"];
const GROUPS: [(&str, Option<&str>); 4] =
    [("site", None), ("hall", Some("site")), ("rack", Some("hall")), ("yard", None)];
const POLICIES: [&str; 3] = ["basic", "extra", "legacy"];
const CERTIFICATES: [char; 3] = ['a', 'b', 'c'];

/// What is done, with the numbers of what it is done to.
#[derive(Debug, Clone, Copy)]
enum Step {
    CreateThing(usize),
    ChangeThing(usize),
    DeleteThing(usize),
    CreateGroup(usize),
    DeleteGroup(usize),
    Join(usize, usize),
    Leave(usize, usize),
    CreateCertificate(usize),
    SetStatus(usize, usize),
    DeleteCertificate(usize, bool),
    Attach(usize, usize, bool),
    Detach(usize, usize),
    CreatePolicy(usize),
    ChangePolicy(usize),
    DeletePolicy(usize),
    AttachPolicy(usize, usize),
    DetachPolicy(usize, usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let thing = || 0..THINGS.len();
    let group = || 0..GROUPS.len();
    let certificate = || 0..CERTIFICATES.len();
    let policy = || 0..POLICIES.len();
    let target = || 0..CERTIFICATES.len() + GROUPS.len();
    prop_oneof![
        4 => thing().prop_map(Step::CreateThing),
        2 => thing().prop_map(Step::ChangeThing),
        1 => thing().prop_map(Step::DeleteThing),
        4 => group().prop_map(Step::CreateGroup),
        1 => group().prop_map(Step::DeleteGroup),
        5 => (thing(), group()).prop_map(|(it, group)| Step::Join(it, group)),
        1 => (thing(), group()).prop_map(|(it, group)| Step::Leave(it, group)),
        4 => certificate().prop_map(Step::CreateCertificate),
        2 => (certificate(), 0..4_usize).prop_map(|(it, status)| Step::SetStatus(it, status)),
        1 => (certificate(), any::<bool>()).prop_map(|(it, all)| Step::DeleteCertificate(it, all)),
        5 => (thing(), certificate(), any::<bool>())
            .prop_map(|(thing, it, exclusive)| Step::Attach(thing, it, exclusive)),
        2 => (thing(), certificate()).prop_map(|(thing, it)| Step::Detach(thing, it)),
        4 => policy().prop_map(Step::CreatePolicy),
        2 => policy().prop_map(Step::ChangePolicy),
        1 => policy().prop_map(Step::DeletePolicy),
        5 => (policy(), target()).prop_map(|(it, to)| Step::AttachPolicy(it, to)),
        2 => (policy(), target()).prop_map(|(it, to)| Step::DetachPolicy(it, to)),
    ]
}

fn target(number: usize) -> PolicyTarget {
    match CERTIFICATES.get(number) {
        Some(digit) => PolicyTarget::Certificate(id(*digit)),
        None => PolicyTarget::Group(GROUPS[number - CERTIFICATES.len()].0.into()),
    }
}

/// Does it, if the registry lets it be done.
async fn take(registry: &SqliteRegistry, step: Step) -> Result<(), RegistryError> {
    match step {
        Step::CreateThing(it) => registry.create_thing(&new_thing(THINGS[it])).await,
        Step::ChangeThing(it) => {
            let mut changed = registry.thing(&thing(THINGS[it])).await?;
            changed.version += 1;
            changed.type_name = Some(format!("type-{}", changed.version % 2));
            registry.replace_thing(&changed).await
        }
        Step::DeleteThing(it) => registry.delete_thing(&thing(THINGS[it]), None).await,
        Step::CreateGroup(it) => {
            let (name, parent) = GROUPS[it];
            registry.create_group(&new_group(name, parent)).await
        }
        Step::DeleteGroup(it) => registry.delete_group(GROUPS[it].0, None).await,
        Step::Join(it, group) => registry.add_to_group(&thing(THINGS[it]), GROUPS[group].0).await,
        Step::Leave(it, group) => {
            registry.remove_from_group(&thing(THINGS[it]), GROUPS[group].0).await
        }
        Step::CreateCertificate(it) => {
            registry.create_certificate(&new_certificate(id(CERTIFICATES[it]))).await
        }
        Step::SetStatus(it, status) => {
            let mut changed = registry.certificate(&id(CERTIFICATES[it])).await?;
            changed.status = CertificateStatus::ALL[status];
            changed.version += 1;
            registry.replace_certificate(&changed).await
        }
        Step::DeleteCertificate(it, detaches) => {
            registry.delete_certificate(&id(CERTIFICATES[it]), detaches).await
        }
        Step::Attach(it, certificate, is_exclusive) => {
            let certificate = id(CERTIFICATES[certificate]);
            registry.attach_thing(&thing(THINGS[it]), &certificate, is_exclusive).await
        }
        Step::Detach(it, certificate) => {
            registry.detach_thing(&thing(THINGS[it]), &id(CERTIFICATES[certificate])).await
        }
        Step::CreatePolicy(it) => {
            registry.create_policy(&Policy::new(policy(POLICIES[it]), "{}", CREATED)).await
        }
        Step::ChangePolicy(it) => {
            let mut changed = registry.policy(&policy(POLICIES[it])).await?;
            changed.revision += 1;
            changed.versions[0].document = format!("[{}]", changed.revision % 2).into();
            registry.replace_policy(&changed).await
        }
        Step::DeletePolicy(it) => registry.delete_policy(&policy(POLICIES[it])).await,
        Step::AttachPolicy(it, to) => {
            registry.attach_policy(&policy(POLICIES[it]), &target(to)).await
        }
        Step::DetachPolicy(it, to) => {
            registry.detach_policy(&policy(POLICIES[it]), &target(to)).await
        }
    }
}

/// All that can be asked of a view, as text.
fn picture(directory: &LiveDirectory) -> String {
    let mut lines = Vec::new();
    for name in THINGS {
        let known = directory.is_registered(name);
        lines.push(format!("{name}: {known} {:?}", directory.groups_of(name)));
    }
    for digit in CERTIFICATES {
        lines.push(format!("{digit}: {:?}", directory.certificate(&id(digit))));
        for client in THINGS.into_iter().chain(["stranger"]) {
            let Principal { thing, is_exclusive, policies, .. } =
                directory.principal(&id(digit), client);
            lines.push(format!("{digit} as {client}: {thing:?} {is_exclusive} {policies:?}"));
        }
    }
    lines.join("\n")
}

#[test]
fn any_changes_leave_the_view_as_a_view_opened_later_finds_the_registry() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(24));
    let steps = prop::collection::vec(any_step(), 1..100);
    let result = runner.run(&steps, |steps| {
        let (followed, fresh) = runtime.block_on(async {
            let fixture = fixture().await;
            for step in steps {
                if let Err(RegistryError::Storage(error)) = take(&fixture.registry, step).await {
                    panic!("{step:?}: {error}");
                }
            }
            fixture.caught_up().await;
            let registry = fixture.registry.clone();
            let fresh = LiveDirectory::follow(registry, &fixture.tasks).await.unwrap();
            (picture(&fixture.directory), picture(&fresh))
        });
        prop_assert_eq!(followed, fresh);
        Ok(())
    });
    result.unwrap();
}
