//! The credential provider (spec iot-core §2.9).

use picket_ports::{KeyOwner, KeyRights};

use crate::rig::{Rig, statement};

const PATH: &str = "/role-aliases/a/credentials";
const TRUSTED: &str = "credentials.iot.amazonaws.com";
const THING: &str = "x-amzn-iot-thingname";

async fn rig() -> Rig {
    let rig = Rig::new(&[statement("Allow", "iot:AssumeRoleWithCertificate", "rolealias/a")]).await;
    rig.role_alias(TRUSTED).await;
    rig
}

#[tokio::test]
async fn a_device_gets_credentials_of_the_role_and_they_carry_who_it_is() {
    let rig = rig().await;
    let reply = rig.device("GET", PATH, &[(THING, "pump")], "").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let credentials = &reply.body["credentials"];
    let owner = rig.who(credentials).unwrap();
    assert_eq!(owner.user, format!("assumed-role/r/{}", rig.certificate));
    assert_eq!(credentials["secretAccessKey"], owner.secret.expose());
    let fact = |owner: &KeyOwner, name: &str| {
        let KeyRights::Session(session) = &owner.rights else { panic!("a session") };
        let found = session.facts.iter().find(|(key, _)| *key == format!("credentials-iot:{name}"));
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(fact(&owner, "ThingName").as_deref(), Some("pump"));
    assert_eq!(fact(&owner, "AwsCertificateId").as_deref(), Some(rig.certificate.as_str()));
    assert_eq!(fact(&owner, "ThingTypeName"), None);
    // The thing has to be named, even if the certificate is of no other.
    let unnamed = rig.device("GET", PATH, &[], "").await;
    assert_eq!(fact(&rig.who(&unnamed.body["credentials"]).unwrap(), "ThingName"), None);
    assert!(credentials["expiration"].as_str().unwrap().ends_with('Z'));
    assert!(rig.counts().is_empty());
}

#[tokio::test]
async fn a_refusal_says_why_and_is_charged_where_the_policies_or_the_thing_refuse() {
    let rig = rig().await;
    let denied = "AccessDeniedException";
    let ask = async |path: &str, thing: &str| rig.device("GET", path, &[(THING, thing)], "").await;
    ask("/role-aliases/b/credentials", "").await.is_error(403, denied, "on rolealias/b");
    ask(PATH, "other").await.is_error(403, denied, "not attached to thing `other`");
    assert_eq!(rig.counts(), ["denied ", "denied "]);
    rig.stranger("GET", PATH, "").await.is_error(
        403,
        "MissingAuthenticationTokenException",
        "not signed",
    );
    rig.detach_policy().await;
    ask(PATH, "pump").await.is_error(403, denied, "no policy statement allows");
    assert_eq!(rig.counts().len(), 3);
}

#[tokio::test]
async fn a_role_that_does_not_trust_the_provider_is_given_to_nobody() {
    let rig = Rig::new(&[statement("Allow", "iot:AssumeRoleWithCertificate", "rolealias/*")]).await;
    let ask = async |path: &str| rig.device("GET", path, &[], "").await;
    ask(PATH).await.is_error(404, "ResourceNotFoundException", "role alias");
    rig.role_alias("iot.amazonaws.com").await;
    ask(PATH).await.is_error(403, "AccessDeniedException", "trust policy does not allow it");
    // What the operator has set up wrongly is no failure of the device.
    assert!(rig.counts().is_empty());
}
