use std::sync::Arc;

use parking_lot::Mutex;
use picket_core::{PolicyName, ThingName};
use picket_policy::{Action, NameField};
use picket_ports::directory::{
    CertificateEntry, DirectoryChange, PolicyText, Principal, ThingEntry,
};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, SanType, string::BmpString,
};
use tokio::sync::broadcast;

use super::*;

mod any_fleet;

/// A directory that says of everybody what it was told.
#[derive(Debug, Default)]
struct Told {
    principal: Mutex<Principal>,
}

impl Told {
    fn policies(&self, documents: &[&str]) {
        let name = |index| PolicyName::new(format!("p{index}")).unwrap();
        let text = |(index, document): (usize, &&str)| {
            Arc::new(PolicyText { name: name(index), document: (*document).into() })
        };
        self.principal.lock().policies = documents.iter().enumerate().map(text).collect();
    }
}

impl Directory for Told {
    fn certificate(&self, _id: &CertificateId) -> Option<CertificateEntry> {
        None
    }

    fn principal(&self, _certificate: &CertificateId, _client_id: &str) -> Principal {
        self.principal.lock().clone()
    }

    fn is_registered(&self, _name: &str) -> bool {
        false
    }

    fn groups_of(&self, _thing: &str) -> Vec<String> {
        Vec::new()
    }

    fn changes(&self) -> broadcast::Receiver<DirectoryChange> {
        broadcast::channel(1).1
    }
}

const OPEN: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;
const OWN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*",
    "Resource":"arn:aws:iot:us-east-1:000000000000:topic/${iot:Connection.Thing.ThingName}"}]}"#;
const NAMED: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*",
    "Resource":"arn:aws:iot:us-east-1:000000000000:topic/${iot:Certificate.Subject.CommonName}"}]}"#;

fn book(documents: &[&str]) -> (Arc<Told>, RightsBook) {
    let told = Arc::new(Told::default());
    told.policies(documents);
    (Arc::clone(&told), RightsBook::new(told, Account::default()))
}

fn id() -> CertificateId {
    CertificateId::new("a".repeat(64)).unwrap()
}

fn caller<'a>(id: &'a CertificateId, client_id: Option<&'a str>) -> Caller<'a> {
    Caller { client_id, ..Caller::new(id, &[]) }
}

#[test]
fn connections_share_what_is_the_same_for_all_and_have_the_rest_of_their_own() {
    let (_, book) = book(&[OPEN, OWN]);
    let id = id();
    let (one, two) = (book.rights(&caller(&id, Some("a"))), book.rights(&caller(&id, Some("b"))));
    assert!(Arc::ptr_eq(&one.policies()[0], &two.policies()[0]));
    assert!(!Arc::ptr_eq(&one.policies()[1], &two.policies()[1]));
    assert!(Arc::ptr_eq(one.policies()[1].document(), two.policies()[1].document()));
}

#[test]
fn a_new_text_of_a_policy_is_read_anew() {
    let (told, book) = book(&[OPEN]);
    let id = id();
    assert!(book.rights(&caller(&id, None)).allows(Action::Publish, "a"));
    told.policies(&[OWN]);
    assert!(!book.rights(&caller(&id, None)).allows(Action::Publish, "a"));
}

#[test]
fn a_policy_that_cannot_be_read_leaves_no_rights_at_all() {
    let (_, book) = book(&[OPEN, "{"]);
    let id = id();
    assert!(!book.rights(&caller(&id, None)).allows(Action::Publish, "a"));
    let error = book.examine(&caller(&id, None)).unwrap_err().to_string();
    assert!(
        error.starts_with("policy p1 cannot be read: the policy document is malformed"),
        "{error}"
    );
}

#[test]
fn things_are_known_to_clients_of_mqtt_only() {
    let (told, book) = book(&[OWN]);
    let name = ThingName::new("pump-17").unwrap();
    let thing = ThingEntry { name, type_name: None, attributes: Vec::new() };
    told.principal.lock().thing = Some(Arc::new(thing));
    let id = id();
    let publishes = |client| book.rights(&caller(&id, client)).allows(Action::Publish, "pump-17");
    assert!(publishes(Some("pump-17")));
    assert!(!publishes(None));
}

#[test]
fn the_shelf_forgets_policies_that_the_registry_has_dropped() {
    let (told, book) = book(&[]);
    let id = id();
    for round in 0..10 {
        let texts: Vec<Arc<PolicyText>> = (0..100)
            .map(|index| {
                let name = PolicyName::new(format!("p{round}-{index}")).unwrap();
                Arc::new(PolicyText { name, document: OPEN.into() })
            })
            .collect();
        told.principal.lock().policies = texts;
        book.rights(&caller(&id, None));
    }
    assert!(book.shelf.len() <= 300, "{}", book.shelf.len());
}

fn certificate(params: CertificateParams) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

#[test]
fn facts_come_from_the_names_the_serial_number_and_the_alternative_names() {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "pump-17");
    name.push(DnType::OrganizationName, "Acme, Inc");
    name.push(DnType::CountryName, "DE");
    let bmp = BmpString::try_from("Käse").unwrap();
    name.push(DnType::OrganizationalUnitName, DnValue::BmpString(bmp));
    params.distinguished_name = name;
    params.serial_number = Some(vec![1, 0].into());
    params.subject_alt_names = vec![
        SanType::DnsName("pump.example".try_into().unwrap()),
        SanType::IpAddress("10.0.0.7".parse().unwrap()),
        SanType::IpAddress("2001:db8::7".parse().unwrap()),
        SanType::Rfc822Name("pump@example.org".try_into().unwrap()),
        SanType::URI("urn:pump".try_into().unwrap()),
    ];
    let facts = certificate_facts(&id(), &certificate(params));
    assert_eq!((facts.id.len(), facts.serial_number.as_str()), (64, "256"));
    let subject: Vec<(NameField, &str)> =
        facts.subject.iter().map(|(field, value)| (*field, value.as_str())).collect();
    for expected in [
        (NameField::CommonName, "pump-17"),
        (NameField::Organization, "Acme, Inc"),
        (NameField::Country, "DE"),
        (NameField::OrganizationalUnit, "Käse"),
        (NameField::DnsName, "pump.example"),
        (NameField::IpAddress, "10.0.0.7"),
        (NameField::IpAddress, "2001:db8::7"),
        (NameField::Rfc822Name, "pump@example.org"),
        (NameField::UniformResourceIdentifier, "urn:pump"),
    ] {
        assert!(subject.contains(&expected), "{expected:?} in {subject:?}");
    }
    assert!(facts.issuer.contains(&(NameField::CommonName, "pump-17".to_owned())));
    let nothing = certificate_facts(&id(), b"not a certificate");
    assert!(nothing.subject.is_empty() && nothing.id.len() == 64);
}

#[test]
fn a_certificate_is_read_only_if_a_policy_asks() {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "pump-17");
    let der = certificate(params);
    let id = id();
    let caller = Caller::new(&id, &der);
    let (_, named) = book(&[NAMED]);
    assert!(named.rights(&caller).allows(Action::Publish, "pump-17"));
    assert!(!named.rights(&caller).allows(Action::Publish, "pump-18"));
    let (_, plain) = book(&[OPEN]);
    assert!(plain.rights(&caller).allows(Action::Publish, "pump-18"));
}

#[test]
fn an_address_and_the_way_of_connecting_count() {
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iot:Connect","Resource":"*",
         "Condition":{"ForAllValues:StringEquals":{"iot:ConnectAttributes":["LastWill"]},
                      "IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}"#;
    let (_, book) = book(&[policy]);
    let id = id();
    let connects = |ip: &str, is_persistent| {
        let caller = Caller {
            client_id: Some("a"),
            source_ip: Some(ip.parse().unwrap()),
            is_persistent,
            will_topic: Some("w"),
            ..Caller::new(&id, &[])
        };
        book.rights(&caller).allows(Action::Connect, "a")
    };
    assert!(connects("::ffff:10.0.0.7", false));
    assert!(!connects("10.0.0.7", true));
    assert!(!connects("11.0.0.7", false));
}
