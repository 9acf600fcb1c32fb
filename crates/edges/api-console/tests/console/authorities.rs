//! CA certificates of others, and signing requests of devices that keep their keys.

use picket_core::Secret;
use picket_pki::{Authority, SigningRequest};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use serde_json::{Value, json};

use crate::client::Client;
use crate::control::DEVICE_POLICY;
use crate::rig::{NOW, Rig};

/// A signing request, PEM.
pub(crate) fn request_pem() -> String {
    request_for("pump-17")
}

fn request_for(common_name: &str) -> String {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap()
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Ward works");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority::load(pem, Secret::new(key.serialize_pem())).unwrap()
}

fn signed(authority: &Authority, common_name: &str) -> String {
    let request = SigningRequest::read(&request_for(common_name)).unwrap();
    authority.sign_request(&request, NOW).unwrap().certificate_pem
}

async fn code(admin: &Client) -> String {
    let answer = admin.get("/api/v1/registration-code").await.json();
    answer["code"].as_str().unwrap().to_owned()
}

/// Registers an authority that shows that it has its key; its id.
pub(crate) async fn registered(admin: &Client, auto_registration: bool) -> String {
    let authority = authority();
    let body = json!({
        "certificate_pem": authority.certificate_pem(),
        "verification_pem": signed(&authority, &code(admin).await),
        "is_active": true,
        "auto_registration": auto_registration,
    });
    let answer = admin.post("/api/v1/authorities", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_ca_is_registered_changed_and_removed_once_it_is_inactive() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let path = format!("/api/v1/authorities/{}", registered(&admin, false).await);
    let shown = async || admin.get(&path).await.json();
    let first = shown().await;
    assert_eq!(first["authority"]["subject"], json!("CN=Ward works"));
    assert_eq!(
        (&first["authority"]["mode"], &first["template"]),
        (&json!("DEFAULT"), &Value::Null)
    );
    assert_eq!(first["certificates"], json!([]));
    let parameters = json!({"AWS::IoT::Certificate::Id": {"Type": "String"}});
    let template = json!({"Parameters": parameters, "Resources": {"certificate": {
        "Type": "AWS::IoT::Certificate",
        "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "ACTIVE"},
    }}});
    let change = json!({"auto_registration": true, "template": template.to_string()});
    assert_eq!(admin.patch(&path, &change).await.status, 204);
    let changed = shown().await;
    assert_eq!(changed["authority"]["auto_registration"], json!(true));
    assert_eq!(changed["authority"]["has_template"], json!(true));
    assert_eq!(changed["template"], json!(template.to_string()));
    assert_eq!(admin.patch(&path, &json!({"template": ""})).await.status, 204);
    assert_eq!(shown().await["template"], Value::Null);
    let odd = admin.patch(&path, &json!({"template": "{\"Resources\": 1}"})).await;
    assert_eq!((odd.status, odd.error_code().as_str()), (400, "invalid"));
    assert_eq!(admin.delete(&path).await.status, 409);
    assert_eq!(admin.patch(&path, &json!({"status": "INACTIVE"})).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    let changes = admin.get("/api/v1/changes?operation=RegisterCACertificate").await.json();
    assert!(changes["changes"][0]["resource"].as_str().unwrap().starts_with("cacert/"));
}

#[tokio::test]
async fn a_ca_whose_key_nobody_has_shown_is_refused_and_without_a_proof_it_is_for_sni_only() {
    let rig = Rig::start(|_| {}).await;
    let admin = rig.logged_in("admin").await;
    let (ours, theirs) = (authority(), authority());
    let word = code(&admin).await;
    let register = async |verification: Value| {
        let body = json!({
            "certificate_pem": ours.certificate_pem(), "verification_pem": verification,
            "is_active": true, "auto_registration": false,
        });
        admin.post("/api/v1/authorities", &body).await
    };
    let foreign = register(json!(signed(&theirs, &word))).await;
    assert_eq!(foreign.status, 400, "{}", foreign.body);
    let unnamed = register(json!(signed(&ours, "something else"))).await;
    assert_eq!(unnamed.status, 400);
    assert!(unnamed.body.contains("registration code"), "{}", unnamed.body);
    assert_eq!(admin.get("/api/v1/authorities").await.json()["authorities"], json!([]));
    let without = register(Value::Null).await;
    assert_eq!(without.status, 201, "{}", without.body);
    let listed = admin.get("/api/v1/authorities").await.json();
    assert_eq!(listed["authorities"][0]["mode"], json!("SNI_ONLY"));
    let vera = rig.logged_in("vera").await;
    assert_eq!(vera.get("/api/v1/registration-code").await.status, 403);
}

#[tokio::test]
async fn a_signing_request_becomes_a_certificate_and_no_key_is_told() {
    let rig = Rig::start(|_| {}).await;
    rig.add_thing("pump-17").await;
    let admin = rig.logged_in("admin").await;
    let body = json!({
        "csr_pem": request_pem(), "thing": "pump-17", "policies": [DEVICE_POLICY], "is_active": true,
    });
    let made = admin.post("/api/v1/certificate-requests", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["private_key_pem"], Value::Null);
    assert!(!made.body.contains("PRIVATE KEY"));
    let id = made.json()["certificate_id"].as_str().unwrap().to_owned();
    let shown = admin.get(&format!("/api/v1/certificates/{id}")).await.json();
    assert_eq!(shown["subject"], json!("CN=pump-17"));
    assert_eq!((&shown["status"], &shown["connected"]), (&json!("ACTIVE"), &json!([])));
    assert_eq!(shown["things"][0]["name"], json!("pump-17"));
    for (csr, thing, status) in
        [("nonsense", json!("pump-17"), 400), (request_pem().as_str(), json!("none"), 404)]
    {
        let body = json!({"csr_pem": csr, "thing": thing, "is_active": true});
        assert_eq!(admin.post("/api/v1/certificate-requests", &body).await.status, status);
    }
    let door = admin.get("/api/v1/endpoint").await.json();
    let expected = json!({"host": "picket.example", "mqtt_port": 8883, "alpn_port": null});
    assert_eq!(door, expected);
}
