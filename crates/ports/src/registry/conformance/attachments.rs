//! Certificates attached to things.

use super::{
    Fresh, any_cursor_gives_a_page, certificate, certificate_id, must_be_missing, name, thing,
    walk_every_way,
};
use crate::registry::Registry;

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    an_attachment_needs_both_and_can_be_made_and_ended_twice(open().await).await;
    attachments_are_listed_from_both_ends(open().await).await;
}

async fn certificates_of(registry: &dyn Registry, thing: &str) -> Vec<(char, bool)> {
    let thing = name(thing);
    let list = async |page| registry.certificates_of_thing(&thing, &page).await.unwrap();
    any_cursor_gives_a_page(list).await;
    let found = walk_every_way(list).await;
    found.iter().map(|(id, is)| (id.as_str().chars().next().unwrap(), *is)).collect()
}

async fn things_of(registry: &dyn Registry, digit: char) -> Vec<(String, bool)> {
    let id = certificate_id(digit);
    let list = async |page| registry.things_of_certificate(&id, &page).await.unwrap();
    any_cursor_gives_a_page(list).await;
    walk_every_way(list).await.into_iter().map(|(name, is)| (name.to_string(), is)).collect()
}

async fn an_attachment_needs_both_and_can_be_made_and_ended_twice(registry: Fresh) {
    let (thing_name, id) = (name("t"), certificate_id('a'));
    registry.create_certificate(&certificate('a')).await.unwrap();
    must_be_missing(registry.attach_thing(&thing_name, &id, false).await, "thing");
    registry.create_thing(&thing("t")).await.unwrap();
    let nobody = certificate_id('f');
    must_be_missing(registry.attach_thing(&thing_name, &nobody, true).await, "certificate");
    for is_exclusive in [false, false, true, true, false] {
        registry.attach_thing(&thing_name, &id, is_exclusive).await.unwrap();
        assert_eq!(certificates_of(&*registry, "t").await, [('a', is_exclusive)]);
        assert_eq!(things_of(&*registry, 'a').await, [("t".to_owned(), is_exclusive)]);
    }
    for _ in 0..2 {
        registry.detach_thing(&thing_name, &id).await.unwrap();
        assert!(certificates_of(&*registry, "t").await.is_empty());
        assert!(things_of(&*registry, 'a').await.is_empty());
    }
    registry.detach_thing(&name("nobody"), &nobody).await.unwrap();
}

async fn attachments_are_listed_from_both_ends(registry: Fresh) {
    for text in ["t2", "t1", "T3"] {
        registry.create_thing(&thing(text)).await.unwrap();
    }
    for digit in ['b', 'a', 'c'] {
        registry.create_certificate(&certificate(digit)).await.unwrap();
        registry.attach_thing(&name("t1"), &certificate_id(digit), digit == 'b').await.unwrap();
    }
    for text in ["t2", "T3"] {
        registry.attach_thing(&name(text), &certificate_id('a'), false).await.unwrap();
    }
    assert_eq!(certificates_of(&*registry, "t1").await, [('a', false), ('b', true), ('c', false)]);
    let of_a: Vec<_> = things_of(&*registry, 'a').await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(of_a, ["T3", "t1", "t2"]);
    assert_eq!(things_of(&*registry, 'b').await, [("t1".to_owned(), true)]);
    assert!(things_of(&*registry, 'f').await.is_empty());
    assert!(certificates_of(&*registry, "' OR 1=1 --").await.is_empty());
}
