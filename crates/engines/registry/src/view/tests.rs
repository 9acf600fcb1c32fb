//! The view against a model that keeps plain lists and looks everything up the slow way.

use std::collections::{BTreeMap, BTreeSet};

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use picket_ports::directory::DirectoryChange;
use picket_ports::registry::{CertificateStatus, PolicyTarget, RegistryChange};
use proptest::prelude::*;

use super::*;

const THINGS: [&str; 4] = ["pump", "valve", "meter", "gate"];
const GROUPS: [&str; 5] = ["site", "hall", "row", "rack", "yard"];
const POLICIES: [&str; 3] = ["basic", "extra", "legacy"];
const CERTIFICATES: [char; 3] = ['a', 'b', 'c'];

fn thing(name: &str) -> ThingName {
    ThingName::new(name).unwrap()
}

fn policy(name: &str) -> PolicyName {
    PolicyName::new(name).unwrap()
}

fn certificate(digit: char) -> CertificateId {
    CertificateId::new(String::from(digit).repeat(64)).unwrap()
}

fn thing_of_type(name: &str, type_name: Option<&str>) -> RegistryChange {
    let mut it = Thing::new(thing(name), "id", Timestamp::from_millis(1));
    it.type_name = type_name.map(str::to_owned);
    RegistryChange::Thing(Arc::new(it))
}

fn group(name: &str, parent: Option<&str>) -> RegistryChange {
    RegistryChange::Group { name: name.into(), parent: parent.map(str::to_owned) }
}

fn active(digit: char) -> RegistryChange {
    with_status(digit, CertificateStatus::Active)
}

fn with_status(digit: char, status: CertificateStatus) -> RegistryChange {
    let not_after = Timestamp::from_millis(9);
    RegistryChange::Certificate { id: certificate(digit), status, not_after }
}

fn attached(name: &str, digit: char, is_exclusive: bool) -> RegistryChange {
    RegistryChange::Attached { thing: thing(name), certificate: certificate(digit), is_exclusive }
}

fn text(name: &str, document: &str) -> RegistryChange {
    RegistryChange::Policy(policy(name), document.into())
}

fn on_group(name: &str, group: &str) -> RegistryChange {
    RegistryChange::PolicyAttached(policy(name), PolicyTarget::Group(group.into()))
}

fn on_certificate(name: &str, digit: char) -> RegistryChange {
    RegistryChange::PolicyAttached(policy(name), PolicyTarget::Certificate(certificate(digit)))
}

/// What a view answers to everything it can be asked.
type Answers = (BTreeMap<(char, String), Rights>, BTreeMap<String, Option<Vec<String>>>);
/// Status, thing with its type, whether exclusive, policies with their texts.
type Rights =
    (Option<CertificateStatus>, Option<(String, Option<String>)>, bool, Vec<(String, String)>);

fn answers(
    rights: impl Fn(char, &str) -> Rights,
    groups: impl Fn(&str) -> Option<Vec<String>>,
) -> Answers {
    let clients = || THINGS.into_iter().chain(["stranger"]);
    let pairs = CERTIFICATES.into_iter().flat_map(|digit| clients().map(move |it| (digit, it)));
    (
        pairs.map(|(digit, client)| ((digit, client.to_owned()), rights(digit, client))).collect(),
        THINGS.iter().map(|name| ((*name).to_owned(), groups(name))).collect(),
    )
}

fn answers_of(view: &View) -> Answers {
    let rights = |digit, client: &str| {
        let id = certificate(digit);
        let principal = view.principal(&id, client);
        let policies = principal.policies.iter();
        (
            view.certificate(&id).map(|entry| entry.status),
            principal.thing.map(|entry| (entry.name.to_string(), entry.type_name.clone())),
            principal.is_exclusive,
            policies.map(|it| (it.name.to_string(), it.document.clone())).collect(),
        )
    };
    answers(rights, |name| view.is_registered(name).then(|| view.groups_of(name)))
}

fn bury(view: &mut View) {
    for grave in view.graves() {
        let members: Vec<u32> = grave.members().collect();
        view.forget(&grave, &members);
        view.close(&grave);
    }
}

#[derive(Debug, Default)]
struct Model {
    things: BTreeMap<String, Option<String>>,
    groups: BTreeMap<String, Option<String>>,
    members: BTreeSet<(String, String)>,
    certificates: BTreeMap<CertificateId, CertificateStatus>,
    attached: BTreeMap<(CertificateId, String), bool>,
    policies: BTreeMap<String, String>,
    ties: BTreeSet<(String, PolicyTarget)>,
}

impl Model {
    fn apply(&mut self, change: &RegistryChange) {
        use RegistryChange as Change;
        match change.clone() {
            Change::Thing(thing) => {
                self.things.insert(thing.name.to_string(), thing.type_name.clone());
            }
            Change::ThingRemoved(name) => {
                self.things.remove(name.as_str());
                self.members.retain(|(thing, _)| thing != name.as_str());
                self.attached.retain(|(_, thing), _| thing != name.as_str());
            }
            Change::Group { name, parent } => drop(self.groups.insert(name, parent)),
            Change::GroupRemoved(name) => {
                self.groups.remove(&name);
                self.members.retain(|(_, group)| *group != name);
                self.ties.retain(|(_, target)| *target != PolicyTarget::Group(name.clone()));
            }
            Change::Joined(thing, group) => {
                if self.things.contains_key(thing.as_str()) && self.groups.contains_key(&group) {
                    self.members.insert((thing.to_string(), group));
                }
            }
            Change::Left(thing, group) => {
                self.members.remove(&(thing.to_string(), group));
            }
            Change::Certificate { id, status, .. } => drop(self.certificates.insert(id, status)),
            Change::CertificateRemoved(id) => {
                self.certificates.remove(&id);
                self.attached.retain(|(certificate, _), _| *certificate != id);
                self.ties.retain(|(_, target)| *target != PolicyTarget::Certificate(id.clone()));
            }
            Change::Attached { thing, certificate, is_exclusive } => {
                if self.things.contains_key(thing.as_str())
                    && self.certificates.contains_key(&certificate)
                {
                    self.attached.insert((certificate, thing.to_string()), is_exclusive);
                }
            }
            Change::Detached(thing, certificate) => {
                self.attached.remove(&(certificate, thing.to_string()));
            }
            Change::Policy(name, document) => {
                self.policies.insert(name.to_string(), document.to_string());
            }
            Change::PolicyRemoved(name) => {
                self.policies.remove(name.as_str());
                self.ties.retain(|(policy, _)| policy != name.as_str());
            }
            Change::PolicyAttached(name, target) => {
                let is_there = match &target {
                    PolicyTarget::Certificate(id) => self.certificates.contains_key(id),
                    PolicyTarget::Group(name) => self.groups.contains_key(name),
                    PolicyTarget::Identity(_) => true,
                };
                if is_there && self.policies.contains_key(name.as_str()) {
                    self.ties.insert((name.to_string(), target));
                }
            }
            Change::PolicyDetached(name, target) => {
                self.ties.remove(&(name.to_string(), target));
            }
            Change::Document(..) => {}
        }
    }

    fn groups_of(&self, thing: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        for (_, group) in self.members.iter().filter(|(member, _)| member == thing) {
            let mut next = Some(group.clone());
            while let Some(group) = next.filter(|group| self.groups.contains_key(group)) {
                next = self.groups[&group].clone();
                if !found.insert(group) {
                    break;
                }
            }
        }
        found.into_iter().collect()
    }

    fn rights(&self, digit: char, client: &str) -> Rights {
        let id = certificate(digit);
        let mut targets = vec![PolicyTarget::Certificate(id.clone())];
        let things: Vec<_> =
            self.attached.iter().filter(|((certificate, _), _)| *certificate == id).collect();
        let sole = match things.as_slice() {
            [((_, thing), true)] => Some(thing.clone()),
            _ => None,
        };
        let named = things.iter().find(|((_, thing), _)| thing == client);
        let thing = named.map(|((_, thing), _)| thing.clone()).or(sole.clone());
        if let Some(thing) = &thing {
            targets.extend(self.groups_of(thing).into_iter().map(PolicyTarget::Group));
        }
        let ties = self.ties.iter().filter(|(_, target)| targets.contains(target));
        let names: BTreeSet<_> = ties.map(|(name, _)| name.clone()).collect();
        (
            self.certificates.get(&id).copied(),
            thing.clone().map(|name| (name.clone(), self.things[&name].clone())),
            sole.is_some(),
            names.into_iter().map(|name| (name.clone(), self.policies[&name].clone())).collect(),
        )
    }

    fn answers(&self) -> Answers {
        let groups = |name: &str| self.things.contains_key(name).then(|| self.groups_of(name));
        answers(|digit, client| self.rights(digit, client), groups)
    }

    /// Everything as a snapshot tells it.
    fn facts(&self) -> Vec<RegistryChange> {
        let groups = self.groups.iter();
        let mut facts: Vec<_> =
            groups.map(|(name, parent)| group(name, parent.as_deref())).collect();
        facts.extend(self.policies.iter().map(|(name, document)| text(name, document)));
        facts.extend(self.things.iter().map(|(name, kind)| thing_of_type(name, kind.as_deref())));
        facts.extend(self.certificates.iter().map(|(id, status)| RegistryChange::Certificate {
            id: id.clone(),
            status: *status,
            not_after: Timestamp::from_millis(9),
        }));
        let members = self.members.iter();
        facts.extend(members.map(|(it, group)| RegistryChange::Joined(thing(it), group.clone())));
        facts.extend(self.attached.iter().map(|((id, name), exclusive)| {
            let (thing, certificate) = (thing(name), id.clone());
            RegistryChange::Attached { thing, certificate, is_exclusive: *exclusive }
        }));
        let ties = self.ties.iter();
        facts.extend(ties.map(|(it, to)| RegistryChange::PolicyAttached(policy(it), to.clone())));
        facts
    }
}

fn any_change() -> impl Strategy<Value = RegistryChange> {
    use RegistryChange as Change;
    let things = || prop::sample::select(&THINGS[..]);
    let groups = || prop::sample::select(&GROUPS[..]);
    let policies = || prop::sample::select(&POLICIES[..]);
    let certificates = || prop::sample::select(&CERTIFICATES[..]);
    let target = || {
        prop_oneof![
            certificates().prop_map(|digit| PolicyTarget::Certificate(certificate(digit))),
            groups().prop_map(|name| PolicyTarget::Group(name.into())),
            Just(PolicyTarget::Identity("us-east-1:1".into())),
        ]
    };
    let kind = prop::option::of(Just("sensor"));
    let parent = prop::option::of(groups());
    let document = prop::sample::select(&["{}", "[]"][..]);
    let status = prop::sample::select(&CertificateStatus::ALL[..]);
    prop_oneof![
        4 => (things(), kind).prop_map(|(name, kind)| thing_of_type(name, kind)),
        1 => things().prop_map(|name| Change::ThingRemoved(thing(name))),
        4 => (groups(), parent).prop_map(|(name, parent)| group(name, parent)),
        1 => groups().prop_map(|name| Change::GroupRemoved(name.into())),
        6 => (things(), groups()).prop_map(|(it, group)| Change::Joined(thing(it), group.into())),
        1 => (things(), groups()).prop_map(|(it, group)| Change::Left(thing(it), group.into())),
        4 => (certificates(), status).prop_map(|(digit, status)| with_status(digit, status)),
        1 => certificates().prop_map(|digit| Change::CertificateRemoved(certificate(digit))),
        6 => (things(), certificates(), any::<bool>())
            .prop_map(|(name, digit, exclusive)| attached(name, digit, exclusive)),
        1 => (things(), certificates())
            .prop_map(|(name, digit)| Change::Detached(thing(name), certificate(digit))),
        4 => (policies(), document).prop_map(|(name, document)| text(name, document)),
        1 => policies().prop_map(|name| Change::PolicyRemoved(policy(name))),
        6 => (policies(), target()).prop_map(|(it, to)| Change::PolicyAttached(policy(it), to)),
        1 => (policies(), target()).prop_map(|(it, to)| Change::PolicyDetached(policy(it), to)),
    ]
}

/// Whether everyone whose answers differ hears of it.
fn hears(before: &Answers, after: &Answers, told: &[DirectoryChange]) -> Result<(), String> {
    for ((digit, client), rights) in &after.0 {
        let old = &before.0[&(*digit, client.clone())];
        // Nobody can be connected with a certificate that was not there.
        if old == rights || old.0.is_none() {
            continue;
        }
        let id = certificate(*digit);
        let is_status = old.0 != rights.0;
        let is_told = told.iter().any(|change| match change {
            DirectoryChange::Certificate(it) => *it == id,
            DirectoryChange::RightsOf(it) => *it == id && !is_status,
            DirectoryChange::Rights => !is_status,
            DirectoryChange::Things => false,
        });
        if !is_told {
            return Err(format!("{digit} as {client}: {old:?} became {rights:?}"));
        }
    }
    if before.1 != after.1 && !told.contains(&DirectoryChange::Things) {
        return Err("things changed".into());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_changes_leave_the_view_as_a_snapshot_shows_it_and_tell_everyone_concerned(
        steps in prop::collection::vec((any_change(), any::<bool>()), 1..120),
    ) {
        let (mut view, mut model) = (View::default(), Model::default());
        let mut before = model.answers();
        for (change, buries) in &steps {
            let mut told = Announcements::default();
            view.apply(change, &mut told);
            model.apply(change);
            if *buries {
                bury(&mut view);
            }
            let after = answers_of(&view);
            prop_assert_eq!(&after, &model.answers(), "after {:?}", change);
            let heard = hears(&before, &after, &told.into_changes());
            prop_assert!(heard.is_ok(), "{:?} at {:?}", heard, change);
            before = after;
            let mut again = Announcements::default();
            view.apply(change, &mut again);
            prop_assert_eq!(again.into_changes(), Vec::new(), "{:?} told twice", change);
        }
        bury(&mut view);
        let mut fresh = View::default();
        let mut told = Announcements::muted();
        model.facts().iter().for_each(|fact| fresh.adopt(fact, &view, &mut told));
        prop_assert!(told.into_changes().is_empty());
        prop_assert_eq!(answers_of(&fresh), answers_of(&view));
        prop_assert_eq!(fresh.replacing(&view).into_changes(), [
            DirectoryChange::Rights,
            DirectoryChange::Things,
        ]);
    }
}

/// A view with these facts.
fn view(facts: &[RegistryChange]) -> View {
    let mut view = View::default();
    facts.iter().for_each(|fact| view.apply(fact, &mut Announcements::muted()));
    view
}

/// What `changes`, coming together, announce on top of `facts`.
fn announced(facts: &[RegistryChange], changes: &[RegistryChange]) -> Vec<DirectoryChange> {
    let (mut view, mut told) = (view(facts), Announcements::default());
    changes.iter().for_each(|change| view.apply(change, &mut told));
    told.into_changes()
}

fn fleet() -> Vec<RegistryChange> {
    vec![
        group("site", None),
        group("hall", Some("site")),
        group("yard", None),
        text("basic", "{}"),
        text("extra", "{}"),
        thing_of_type("pump", None),
        thing_of_type("valve", None),
        active('a'),
        active('b'),
        attached("pump", 'a', false),
        attached("valve", 'b', false),
        RegistryChange::Joined(thing("pump"), "hall".into()),
        RegistryChange::Joined(thing("valve"), "yard".into()),
        on_certificate("basic", 'b'),
    ]
}

#[test]
fn each_kind_of_change_is_announced_to_those_it_concerns_and_to_no_others() {
    use RegistryChange as Change;
    let (certificate_a, rights_a, rights_b, things) = (
        DirectoryChange::Certificate(certificate('a')),
        DirectoryChange::RightsOf(certificate('a')),
        DirectoryChange::RightsOf(certificate('b')),
        DirectoryChange::Things,
    );
    let extra_on = |target| Change::PolicyAttached(policy("extra"), target);
    let basic_off =
        Change::PolicyDetached(policy("basic"), PolicyTarget::Certificate(certificate('b')));
    let cases = [
        (thing_of_type("pump", None), vec![]),
        (thing_of_type("pump", Some("sensor")), vec![rights_a.clone()]),
        (thing_of_type("meter", None), vec![things.clone()]),
        (Change::ThingRemoved(thing("pump")), vec![rights_a.clone(), things.clone()]),
        (group("hall", Some("site")), vec![]),
        (group("rack", Some("hall")), vec![]),
        (group("yard", Some("site")), vec![rights_b.clone(), things.clone()]),
        (Change::GroupRemoved("hall".into()), vec![rights_a.clone(), things.clone()]),
        (Change::GroupRemoved("none".into()), vec![]),
        (Change::Joined(thing("pump"), "hall".into()), vec![]),
        (Change::Joined(thing("pump"), "yard".into()), vec![rights_a.clone(), things.clone()]),
        (Change::Left(thing("valve"), "yard".into()), vec![rights_b.clone(), things]),
        (Change::Left(thing("valve"), "hall".into()), vec![]),
        (active('a'), vec![]),
        (active('c'), vec![]),
        (with_status('a', CertificateStatus::Revoked), vec![certificate_a.clone()]),
        (Change::CertificateRemoved(certificate('a')), vec![certificate_a]),
        (attached("pump", 'a', false), vec![]),
        (attached("pump", 'a', true), vec![rights_a.clone()]),
        (attached("pump", 'b', false), vec![rights_b.clone()]),
        (Change::Detached(thing("pump"), certificate('a')), vec![rights_a.clone()]),
        (Change::Detached(thing("pump"), certificate('b')), vec![]),
        (text("basic", "{}"), vec![]),
        (text("basic", "[]"), vec![rights_b.clone()]),
        (text("extra", "[]"), vec![]),
        (text("legacy", "[]"), vec![]),
        (Change::PolicyRemoved(policy("basic")), vec![rights_b.clone()]),
        (Change::PolicyRemoved(policy("extra")), vec![]),
        (extra_on(PolicyTarget::Certificate(certificate('a'))), vec![rights_a.clone()]),
        (extra_on(PolicyTarget::Group("site".into())), vec![rights_a]),
        (extra_on(PolicyTarget::Identity("us-east-1:1".into())), vec![]),
        (basic_off, vec![rights_b]),
    ];
    for (change, expected) in cases {
        assert_eq!(announced(&fleet(), std::slice::from_ref(&change)), expected, "{change:?}");
    }
}

#[test]
fn a_device_that_is_registered_whole_is_not_announced_since_nobody_can_be_connected_as_it() {
    let whole = [
        thing_of_type("meter", None),
        active('c'),
        attached("meter", 'c', false),
        RegistryChange::Joined(thing("meter"), "hall".into()),
        on_certificate("extra", 'c'),
    ];
    assert_eq!(announced(&fleet(), &whole), [DirectoryChange::Things]);
}

#[test]
fn a_certificate_that_is_replaced_by_itself_in_one_step_is_announced() {
    let again = [RegistryChange::CertificateRemoved(certificate('a')), active('a')];
    let told = announced(&fleet(), &again);
    assert_eq!(told, [DirectoryChange::Certificate(certificate('a'))]);
}

#[test]
fn what_concerns_a_great_many_is_told_to_all_at_once() {
    let mut facts = fleet();
    let number = |number: usize| format!("{number:064x}");
    for at in 0..=announcements::NAMED_MAX {
        let (name, id) = (format!("thing-{at}"), CertificateId::new(number(at)).unwrap());
        facts.push(thing_of_type(&name, None));
        let (status, not_after) = (CertificateStatus::Active, Timestamp::from_millis(9));
        facts.push(RegistryChange::Certificate { id: id.clone(), status, not_after });
        let (thing, certificate) = (thing(&name), id);
        facts.push(RegistryChange::Attached { thing, certificate, is_exclusive: false });
        facts.push(RegistryChange::Joined(super::tests::thing(&name), "yard".into()));
    }
    assert_eq!(announced(&facts, &[on_group("extra", "yard")]), [DirectoryChange::Rights]);
    // The same for their groups, and nobody is told for nothing.
    assert_eq!(
        announced(&facts, &[on_group("extra", "hall")]),
        [DirectoryChange::RightsOf(certificate('a'))]
    );
    let removed = [RegistryChange::GroupRemoved("yard".into())];
    assert_eq!(announced(&facts, &removed), [DirectoryChange::Rights, DirectoryChange::Things]);
}

#[test]
fn an_exclusive_certificate_stands_for_its_thing_under_any_client_id() {
    let mut facts = fleet();
    facts.push(on_group("extra", "site"));
    facts.push(attached("pump", 'a', true));
    let names = |principal: picket_ports::directory::Principal| {
        let policies = principal.policies.iter().map(|policy| policy.name.to_string());
        (principal.thing.map(|it| it.name.to_string()), principal.is_exclusive, policies.collect())
    };
    let pump = (Some("pump".to_owned()), true, vec!["extra".to_owned()]);
    for client in ["pump", "valve", "stranger"] {
        assert_eq!(names(view(&facts).principal(&certificate('a'), client)), pump, "{client}");
    }
    let only = |facts: &[RegistryChange], digit| {
        view(facts).only_thing(&certificate(digit)).map(|it| it.name.to_string())
    };
    assert_eq!(only(&facts, 'a').as_deref(), Some("pump"));
    facts.push(attached("valve", 'a', false));
    assert_eq!(only(&facts, 'a'), None, "two have it");
    assert_eq!(only(&facts, 'b').as_deref(), Some("valve"), "others may have that thing too");
    assert_eq!(only(&facts, 'c'), None);
    let shared = names(view(&facts).principal(&certificate('a'), "stranger"));
    assert_eq!(shared, (None, false, vec![]), "another thing has it too");
}

#[test]
fn things_and_policies_that_did_not_change_stay_the_same_allocation_in_a_new_view() {
    let old = view(&fleet());
    let mut new = View::default();
    let mut facts = fleet();
    facts.push(text("basic", "[]"));
    facts.iter().for_each(|fact| new.adopt(fact, &old, &mut Announcements::muted()));
    let (before, after) =
        (old.principal(&certificate('a'), "pump"), new.principal(&certificate('a'), "pump"));
    assert!(Arc::ptr_eq(before.thing.as_ref().unwrap(), after.thing.as_ref().unwrap()));
    let document = |view: &View| view.principal(&certificate('b'), "valve").policies[0].clone();
    assert_eq!((document(&old).document.as_str(), document(&new).document.as_str()), ("{}", "[]"));
}

#[test]
fn a_certificate_that_is_not_what_it_was_is_named_when_a_view_is_replaced() {
    let (old, mut facts) = (view(&fleet()), fleet());
    facts.push(with_status('a', CertificateStatus::Inactive));
    facts.push(RegistryChange::CertificateRemoved(certificate('b')));
    let told = view(&facts).replacing(&old).into_changes();
    assert_eq!(
        told,
        [
            DirectoryChange::Certificate(certificate('a')),
            DirectoryChange::Certificate(certificate('b')),
            DirectoryChange::Rights,
            DirectoryChange::Things,
        ]
    );
}

#[test]
fn a_certificate_whose_id_is_no_hash_is_passed_over() {
    let id = CertificateId::new("abc").unwrap();
    let (status, not_after) = (CertificateStatus::Active, Timestamp::from_millis(9));
    let view = view(&[RegistryChange::Certificate { id: id.clone(), status, not_after }]);
    assert_eq!(view.certificate(&id), None);
}
