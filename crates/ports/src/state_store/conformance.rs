//! What every [`StateStores`] adapter must do.

use super::{StateBatch, StateStore, StateStores};

/// Runs the whole suite against an empty store.
pub async fn state_stores(stores: &dyn StateStores) {
    reads_what_was_committed(&*stores.open_state("reads").await.unwrap()).await;
    scans_a_prefix_in_key_order_page_by_page(&*stores.open_state("scans").await.unwrap()).await;
    removals_win_over_writes_of_the_same_batch(&*stores.open_state("removals").await.unwrap())
        .await;
    stores_are_apart(stores).await;
    stores_are_named_and_dropped_as_a_whole(stores).await;
}

async fn reads_what_was_committed(store: &dyn StateStore) {
    let mut batch = StateBatch::default();
    batch.put("offset", "1");
    batch.put("offset", "2");
    store.commit(batch).await.unwrap();
    assert_eq!(store.get(b"offset").await.unwrap().as_deref(), Some(b"2".as_slice()));
    assert_eq!(store.get(b"nothing").await.unwrap(), None);
}

async fn scans_a_prefix_in_key_order_page_by_page(store: &dyn StateStore) {
    let mut batch = StateBatch::default();
    for key in ["t/b", "t/a", "u/a", "s", "t/c"] {
        batch.put(key, key);
    }
    store.commit(batch).await.unwrap();
    let first = store.scan(b"t/", None, 2).await.unwrap();
    let keys: Vec<_> = first.iter().map(|(key, _)| key.as_slice()).collect();
    assert_eq!(keys, [b"t/a", b"t/b"]);
    let rest = store.scan(b"t/", Some(b"t/b"), 10).await.unwrap();
    assert_eq!(rest, [(b"t/c".to_vec(), b"t/c".to_vec())]);
    for (before, pairs_max, expected) in [
        (None, 2, &[b"t/c", b"t/b"][..]),
        (Some(b"t/c".as_slice()), 10, &[b"t/b", b"t/a"]),
        (Some(b"t/bb"), 1, &[b"t/b"]),
        (Some(b"t/a"), 10, &[]),
        (Some(b"u/z"), 10, &[b"t/c", b"t/b", b"t/a"]),
        (Some(b"a"), 10, &[]),
    ] {
        let back = store.scan_back(b"t/", before, pairs_max).await.unwrap();
        let keys: Vec<_> = back.iter().map(|(key, _)| key.as_slice()).collect();
        assert_eq!(keys, expected, "before {before:?}");
    }
}

async fn removals_win_over_writes_of_the_same_batch(store: &dyn StateStore) {
    let mut batch = StateBatch::default();
    batch.put("key", "value");
    batch.delete("key");
    batch.delete("never-there");
    store.commit(batch).await.unwrap();
    assert_eq!(store.get(b"key").await.unwrap(), None);
}

async fn stores_are_apart(stores: &dyn StateStores) {
    let one = stores.open_state("one").await.unwrap();
    let two = stores.open_state("two").await.unwrap();
    let mut batch = StateBatch::default();
    batch.put("key", "1");
    one.commit(batch).await.unwrap();
    assert_eq!(two.get(b"key").await.unwrap(), None);
}

async fn stores_are_named_and_dropped_as_a_whole(stores: &dyn StateStores) {
    for name in ["day-2", "day-1", "other"] {
        let store = stores.open_state(name).await.unwrap();
        let mut batch = StateBatch::default();
        batch.put("key", name);
        store.commit(batch).await.unwrap();
        assert!(store.pairs_estimate() >= 1);
    }
    assert_eq!(stores.state_names("day-").await.unwrap(), ["day-1", "day-2"]);
    stores.drop_state("day-1").await.unwrap();
    stores.drop_state("day-1").await.unwrap();
    stores.drop_state("day-never").await.unwrap();
    assert_eq!(stores.state_names("day-").await.unwrap(), ["day-2"]);
    let again = stores.open_state("day-1").await.unwrap();
    assert_eq!(again.get(b"key").await.unwrap(), None);
    let kept = stores.open_state("day-2").await.unwrap();
    assert_eq!(kept.get(b"key").await.unwrap().as_deref(), Some(b"day-2".as_slice()));
    stores.drop_state("day-1").await.unwrap();
}
