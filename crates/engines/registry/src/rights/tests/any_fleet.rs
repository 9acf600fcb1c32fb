//! Rights in any fleet against the words of spec iot-core §4.5, read the slow way: which policies reach a
//! connection by certificate, thing, groups and their ancestors, and what they come to there.

use picket_core::Timestamp;
use picket_ports::registry::{CertificateStatus, PolicyTarget, RegistryChange, Thing};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;
use crate::view::{Announcements, View};

const THINGS: [&str; 3] = ["pump", "valve", "meter"];
const TYPES: [&str; 2] = ["hydraulic", "electric"];
const CLIENTS: [&str; 4] = ["pump", "valve", "meter", "stranger"];
const CERTIFICATES: usize = 2;
const GROUPS: usize = 5;
const POLICIES: usize = 4;
const HERE: &str = "10.0.0.7";

/// What a statement's resource ends with, behind `*/`.
#[derive(Debug, Clone, Copy)]
enum End {
    Anything,
    Word(&'static str),
    ClientId,
    ThingName,
    TypeName,
}

#[derive(Debug, Clone, Copy)]
enum Condition {
    None,
    TypeIs(&'static str),
    TypeIsNot(&'static str),
    IsAttached(bool),
    From(&'static str),
}

#[derive(Debug, Clone, Copy)]
struct Statement {
    denies: bool,
    action: &'static str,
    end: End,
    condition: Condition,
}

/// A fleet as plain lists; things, groups, certificates and policies by number.
#[derive(Debug, Clone)]
struct Fleet {
    types: Vec<Option<&'static str>>,
    /// Each group's parent, which has a lower number.
    parents: Vec<Option<usize>>,
    members: Vec<(usize, usize)>,
    /// Certificate, thing, and whether it is said to be the only one.
    attached: Vec<(usize, usize, bool)>,
    policies: Vec<Vec<Statement>>,
    on_certificates: Vec<(usize, usize)>,
    on_groups: Vec<(usize, usize)>,
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let word = prop::sample::select(vec!["pump", "valve", "hydraulic", "stranger"]);
    let end = prop_oneof![
        2 => Just(End::Anything),
        1 => word.prop_map(End::Word),
        1 => Just(End::ClientId),
        1 => Just(End::ThingName),
        1 => Just(End::TypeName),
    ];
    let of_type = || prop::sample::select(TYPES.to_vec());
    let condition = prop_oneof![
        4 => Just(Condition::None),
        1 => of_type().prop_map(Condition::TypeIs),
        1 => of_type().prop_map(Condition::TypeIsNot),
        1 => any::<bool>().prop_map(Condition::IsAttached),
        1 => prop::sample::select(vec!["10.0.0.0/8", "192.168.0.0/16"]).prop_map(Condition::From),
    ];
    let action = prop::sample::select(vec!["iot:*", "iot:Connect", "iot:Publish", "iot:Subscribe"]);
    (prop::bool::weighted(0.25), action, end, condition)
        .prop_map(|(denies, action, end, condition)| Statement { denies, action, end, condition })
}

fn any_fleet() -> impl Strategy<Value = Fleet> {
    let of_type = prop::option::of(prop::sample::select(TYPES.to_vec()));
    let pairs = |left, right, max| prop::collection::vec((0..left, 0..right), 0..max);
    let ties = prop::collection::vec((0..CERTIFICATES, 0..THINGS.len(), any::<bool>()), 0..5);
    (
        prop::collection::vec(of_type, THINGS.len()),
        prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), GROUPS),
        pairs(THINGS.len(), GROUPS, 7),
        ties,
        prop::collection::vec(prop::collection::vec(any_statement(), 1..3), POLICIES),
        pairs(POLICIES, CERTIFICATES, 3),
        pairs(POLICIES, GROUPS, 7),
    )
        .prop_map(
            |(types, parents, members, attached, policies, on_certificates, on_groups)| {
                let lower = |(own, parent): (usize, Option<prop::sample::Index>)| {
                    parent.filter(|_| own > 0).map(|parent| parent.index(own))
                };
                let parents = parents.into_iter().enumerate().map(lower).collect();
                Fleet { types, parents, members, attached, policies, on_certificates, on_groups }
            },
        )
}

impl Statement {
    fn text(&self) -> String {
        let effect = if self.denies { "Deny" } else { "Allow" };
        let resource = match self.end {
            End::Anything => "*".to_owned(),
            End::Word(word) => format!("*/{word}"),
            End::ClientId => "*/${iot:ClientId}".to_owned(),
            End::ThingName => "*/${iot:Connection.Thing.ThingName}".to_owned(),
            End::TypeName => "*/${iot:Connection.Thing.ThingTypeName}".to_owned(),
        };
        let block = |operator: &str, key: &str, value: &str| {
            format!(r#","Condition":{{"{operator}":{{"{key}":"{value}"}}}}"#)
        };
        let of_type = "iot:Connection.Thing.ThingTypeName";
        let condition = match self.condition {
            Condition::None => String::new(),
            Condition::TypeIs(word) => block("StringEquals", of_type, word),
            Condition::TypeIsNot(word) => block("StringNotEquals", of_type, word),
            Condition::IsAttached(is) => {
                block("Bool", "iot:Connection.Thing.IsAttached", if is { "true" } else { "false" })
            }
            Condition::From(net) => block("IpAddress", "aws:SourceIp", net),
        };
        let action = self.action;
        format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"{condition}}}"#)
    }

    /// Spec §4.1–§4.4 for the few forms there are here.
    fn applies(
        &self,
        client: &str,
        thing: Option<(&str, Option<&str>)>,
        asked: (&str, &str),
    ) -> bool {
        let (action, name) = asked;
        let of_type = thing.and_then(|(_, of_type)| of_type);
        let end = match self.end {
            End::Anything => Some(name),
            End::Word(word) => Some(word),
            End::ClientId => Some(client),
            End::ThingName => thing.map(|(name, _)| name),
            End::TypeName => of_type,
        };
        let condition = match self.condition {
            Condition::None => true,
            Condition::TypeIs(word) => of_type == Some(word),
            Condition::TypeIsNot(word) => of_type != Some(word),
            Condition::IsAttached(is) => thing.is_some() == is,
            Condition::From(net) => net == "10.0.0.0/8",
        };
        (self.action == "iot:*" || self.action == action) && end == Some(name) && condition
    }
}

impl Fleet {
    fn facts(&self) -> Vec<RegistryChange> {
        let thing = |number: usize| ThingName::new(THINGS[number]).unwrap();
        let group = |number: usize| format!("group-{number}");
        let policy = |number: usize| PolicyName::new(format!("policy-{number}")).unwrap();
        let mut facts = Vec::new();
        for (number, of_type) in self.types.iter().enumerate() {
            let mut it = Thing::new(thing(number), "id", Timestamp::from_millis(1));
            it.type_name = of_type.map(str::to_owned);
            facts.push(RegistryChange::Thing(Arc::new(it)));
        }
        for (number, parent) in self.parents.iter().enumerate() {
            facts.push(RegistryChange::Group { name: group(number), parent: parent.map(group) });
        }
        let status = CertificateStatus::Active;
        let not_after = Timestamp::from_millis(9);
        facts.extend((0..CERTIFICATES).map(|it| RegistryChange::Certificate {
            id: certificate_id(it),
            status,
            not_after,
        }));
        for (number, statements) in self.policies.iter().enumerate() {
            let statements: Vec<String> = statements.iter().map(Statement::text).collect();
            let text =
                format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
            facts.push(RegistryChange::Policy(policy(number), text.as_str().into()));
        }
        facts.extend(
            self.members.iter().map(|(it, of)| RegistryChange::Joined(thing(*it), group(*of))),
        );
        facts.extend(self.attached.iter().map(|(certificate, it, is_exclusive)| {
            let certificate = certificate_id(*certificate);
            RegistryChange::Attached { thing: thing(*it), certificate, is_exclusive: *is_exclusive }
        }));
        facts.extend(self.on_certificates.iter().map(|(it, to)| {
            let to = PolicyTarget::Certificate(certificate_id(*to));
            RegistryChange::PolicyAttached(policy(*it), to)
        }));
        facts.extend(self.on_groups.iter().map(|(it, to)| {
            RegistryChange::PolicyAttached(policy(*it), PolicyTarget::Group(group(*to)))
        }));
        facts
    }

    /// The thing that a client is: the one of its name among those its certificate is attached to; else
    /// the only one, if it is the certificate's own.
    fn thing(&self, certificate: usize, client: &str) -> Option<usize> {
        // What is said last of a pair counts.
        let mut things: Vec<(usize, bool)> = Vec::new();
        for (_, thing, is_exclusive) in self.attached.iter().filter(|it| it.0 == certificate) {
            things.retain(|(other, _)| other != thing);
            things.push((*thing, *is_exclusive));
        }
        let named = things.iter().find(|(thing, _)| THINGS[*thing] == client);
        match (named, things.as_slice()) {
            (Some((thing, _)), _) | (None, [(thing, true)]) => Some(*thing),
            _ => None,
        }
    }

    /// Whether a group has this one in it, or is it.
    fn holds(&self, group: usize, below: usize) -> bool {
        group == below || self.parents[below].is_some_and(|parent| self.holds(group, parent))
    }

    /// Spec §4.5.
    fn allows(&self, certificate: usize, client: &str, asked: (&str, &str)) -> bool {
        let thing = self.thing(certificate, client);
        let reaches = |policy: usize| {
            self.on_certificates.contains(&(policy, certificate))
                || self.on_groups.iter().any(|(it, group)| {
                    let is_in = |(member, of): &(usize, usize)| {
                        Some(*member) == thing && self.holds(*group, *of)
                    };
                    *it == policy && self.members.iter().any(is_in)
                })
        };
        let facts = thing.map(|thing| (THINGS[thing], self.types[thing]));
        let reaching = (0..POLICIES).filter(|policy| reaches(*policy));
        let statements = reaching.flat_map(|policy| &self.policies[policy]);
        let applying: Vec<bool> = statements
            .filter(|statement| statement.applies(client, facts, asked))
            .map(|statement| statement.denies)
            .collect();
        applying.contains(&false) && !applying.contains(&true)
    }
}

fn certificate_id(number: usize) -> CertificateId {
    CertificateId::new(format!("{number:064x}")).unwrap()
}

/// A view that does not change.
#[derive(Debug)]
struct Still(View);

impl Directory for Still {
    fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        self.0.certificate(id)
    }

    fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        self.0.principal(certificate, client_id)
    }

    fn is_registered(&self, name: &str) -> bool {
        self.0.is_registered(name)
    }

    fn groups_of(&self, thing: &str) -> Vec<String> {
        self.0.groups_of(thing)
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        broadcast::channel(1).1
    }
}

/// What the rights book says of everything that can be asked here, and the model: how often they allowed.
fn compare(fleet: &Fleet) -> Result<usize, TestCaseError> {
    let mut view = View::default();
    for fact in fleet.facts() {
        view.apply(&fact, &mut Announcements::muted());
    }
    let book = RightsBook::new(Arc::new(Still(view)), Account::default());
    let mut allowed = 0;
    for (certificate, client) in (0..CERTIFICATES).flat_map(|it| CLIENTS.map(|client| (it, client)))
    {
        let id = certificate_id(certificate);
        let caller = Caller { source_ip: Some(HERE.parse().unwrap()), ..caller(&id, Some(client)) };
        let rights = book.rights(&caller);
        for action in [Action::Connect, Action::Publish, Action::Subscribe] {
            for name in CLIENTS.into_iter().chain(TYPES) {
                let expected = fleet.allows(certificate, client, (action.name(), name));
                let found = rights.allows(action, name);
                prop_assert_eq!(found, expected, "{} as {}: {:?} {}", id, client, action, name);
                allowed += usize::from(found);
            }
        }
    }
    Ok(allowed)
}

/// Agreement on fleets in which groups, parents and things change nothing would prove little.
#[test]
fn groups_their_parents_and_attached_things_matter_in_many_of_the_fleets() {
    const FLEETS: usize = 200;
    let mut runner = TestRunner::deterministic();
    let mut matters = [0_usize; 3];
    for _ in 0..FLEETS {
        let fleet = any_fleet().new_tree(&mut runner).unwrap().current();
        let others = [
            Fleet { on_groups: Vec::new(), ..fleet.clone() },
            Fleet { parents: vec![None; GROUPS], ..fleet.clone() },
            Fleet { attached: Vec::new(), ..fleet.clone() },
        ];
        let allowed = compare(&fleet).unwrap();
        for (count, other) in matters.iter_mut().zip(others) {
            *count += usize::from(compare(&other).unwrap() != allowed);
        }
    }
    let [groups, parents, attached] = matters;
    assert!(groups >= 30 && parents >= 8 && attached >= 50, "{matters:?} of {FLEETS}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whoever_connects_may_do_what_its_certificate_and_its_things_groups_say(fleet in any_fleet()) {
        compare(&fleet)?;
    }
}
