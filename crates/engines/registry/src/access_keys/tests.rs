use std::sync::Arc;
use std::time::Duration;

use picket_core::{ManualClock, Role, Secret, Tasks, Timestamp};
use picket_ports::registry::{DocumentKind, Documents as _, Feed as _};
use picket_ports::{AccessKeys as _, KeyRights};
use picket_sqlite::SqliteRegistry;

use super::*;

struct Fixture {
    registry: Arc<SqliteRegistry>,
    book: Arc<AccessKeyBook>,
    clock: ManualClock,
    tasks: Tasks,
    _dir: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap());
    let clock = ManualClock::at(Timestamp::from_millis(7));
    let tasks = Tasks::new();
    let book = AccessKeyBook::follow(registry.clone(), &tasks).await.unwrap();
    let fixture = Fixture { registry, book, clock, tasks, _dir: dir };
    fixture.user("ada", "admin").await;
    fixture
}

impl Fixture {
    async fn user(&self, name: &str, role: &str) {
        let body = format!(r#"{{"format":"1","password_hash":"x","role":"{role}"}}"#);
        let now = Timestamp::from_millis(7);
        self.registry.create_document(DocumentKind::User, name, &body, now).await.unwrap();
    }

    async fn make(&self, user: &str) -> Result<NewAccessKey, AccessKeyError> {
        create_access_key(&*self.registry, &self.clock, user).await
    }

    async fn caught_up(&self) {
        let revision = *self.registry.revision().borrow();
        let seen = self.book.caught_up(revision);
        tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
    }
}

#[tokio::test]
async fn a_new_key_works_at_once_with_its_owners_role() {
    let fixture = fixture().await;
    let made = fixture.make("ada").await.unwrap();
    fixture.caught_up().await;
    let owner = fixture.book.owner(&made.key.id).unwrap();
    assert_eq!((owner.user.as_str(), owner.rights), ("ada", KeyRights::User(Role::Admin)));
    assert_eq!((owner.access_key, owner.secret), (made.key.id.clone(), made.secret));
    assert_eq!(access_keys(&*fixture.registry, Some("ada")).await.unwrap(), [made.key]);
    assert!(access_keys(&*fixture.registry, Some("bob")).await.unwrap().is_empty());
    assert!(fixture.tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn a_key_that_is_inactive_or_gone_or_whose_owner_is_gone_has_no_owner() {
    let fixture = fixture().await;
    let (registry, clock) = (&*fixture.registry, &fixture.clock);
    let id = fixture.make("ada").await.unwrap().key.id;
    set_access_key_status(registry, clock, &id, AccessKeyStatus::Inactive).await.unwrap();
    fixture.caught_up().await;
    assert_eq!(fixture.book.owner(&id), None);
    set_access_key_status(registry, clock, &id, AccessKeyStatus::Active).await.unwrap();
    fixture.caught_up().await;
    assert!(fixture.book.owner(&id).is_some());
    registry.delete_document(DocumentKind::User, "ada").await.unwrap();
    fixture.caught_up().await;
    assert_eq!(fixture.book.owner(&id), None);
    assert_eq!(delete_access_keys_of(registry, "ada").await.unwrap(), 1);
    fixture.user("ada", "viewer").await;
    fixture.caught_up().await;
    assert_eq!(fixture.book.owner(&id), None, "a new user of the old name");
    let gone = delete_access_key(registry, &id).await.unwrap_err();
    assert!(matches!(gone, AccessKeyError::NoSuchKey(_)), "{gone}");
}

#[tokio::test]
async fn the_key_of_the_first_start_is_made_once_and_then_left_alone() {
    let fixture = fixture().await;
    let (registry, clock) = (&*fixture.registry, &fixture.clock);
    let (id, secret) = ("AKIAFIRSTSTART234567", Secret::new("0123456789abcdef"));
    assert!(ensure_access_key(registry, clock, "ada", id, &secret).await.unwrap());
    let other = Secret::new("fedcba9876543210");
    assert!(!ensure_access_key(registry, clock, "ada", id, &other).await.unwrap());
    fixture.caught_up().await;
    assert_eq!(fixture.book.owner(id).unwrap().secret, secret);
}

#[tokio::test]
async fn ids_and_secrets_that_no_request_could_carry_and_unknown_users_are_refused() {
    let fixture = fixture().await;
    let (registry, clock) = (&*fixture.registry, &fixture.clock);
    let secret = Secret::new("0123456789abcdef");
    for id in ["", "short", "AKIA/WITH/A/SLASH/IN", &"A".repeat(129)] {
        let error = ensure_access_key(registry, clock, "ada", id, &secret).await.unwrap_err();
        assert!(matches!(error, AccessKeyError::BadId { .. }), "{error}");
    }
    let id = "AKIAFIRSTSTART234567";
    let error =
        ensure_access_key(registry, clock, "ada", id, &Secret::new("a b")).await.unwrap_err();
    assert!(matches!(error, AccessKeyError::BadSecret(_)), "{error}");
    let error = ensure_access_key(registry, clock, "bob", id, &secret).await.unwrap_err();
    assert!(matches!(error, AccessKeyError::NoSuchUser(_)), "{error}");
    let error = fixture.make("bob").await.unwrap_err();
    assert!(matches!(error, AccessKeyError::NoSuchUser(_)), "{error}");
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_keys() {
    let fixture = fixture().await;
    for _ in 0..ACCESS_KEYS_PER_USER_MAX {
        fixture.make("ada").await.unwrap();
    }
    let error = fixture.make("ada").await.unwrap_err();
    assert!(matches!(error, AccessKeyError::TooMany { .. }), "{error}");
}

#[tokio::test]
async fn a_stored_key_that_cannot_be_read_gives_no_rights() {
    let fixture = fixture().await;
    let id = fixture.make("ada").await.unwrap().key.id;
    let (kind, now) = (DocumentKind::AccessKey, Timestamp::from_millis(8));
    fixture.registry.replace_document(kind, &id, "{}", None, now).await.unwrap();
    fixture.caught_up().await;
    assert_eq!(fixture.book.owner(&id), None);
}

#[tokio::test]
async fn a_book_opened_later_knows_what_is_stored() {
    let fixture = fixture().await;
    let id = fixture.make("ada").await.unwrap().key.id;
    let tasks = Tasks::new();
    let later = AccessKeyBook::follow(fixture.registry.clone(), &tasks).await.unwrap();
    assert!(later.owner(&id).is_some());
    assert!(tasks.shut_down(Duration::from_secs(5)).await);
}
