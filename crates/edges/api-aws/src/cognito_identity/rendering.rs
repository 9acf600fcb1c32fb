//! Identity pools as Cognito writes them.

use picket_registry::IdentityPool;
use serde_json::{Map, Value, json};

/// Members that are kept as they are given.
const PROVIDERS: &[&str] = &[
    "SupportedLoginProviders",
    "DeveloperProviderName",
    "OpenIdConnectProviderARNs",
    "CognitoIdentityProviders",
    "SamlProviderARNs",
    "IdentityPoolTags",
];

/// The members of a request that say who the pool trusts.
pub(super) fn providers_of(members: Map<String, Value>) -> Map<String, Value> {
    members.into_iter().filter(|(name, _)| PROVIDERS.contains(&name.as_str())).collect()
}

/// `IdentityPool`.
pub(super) fn pool_json(pool: IdentityPool) -> Value {
    let mut members = pool.providers;
    members.insert("IdentityPoolId".to_owned(), json!(pool.id));
    members.insert("IdentityPoolName".to_owned(), json!(pool.name));
    members.insert("AllowUnauthenticatedIdentities".to_owned(), json!(pool.allows_unauthenticated));
    members.insert("AllowClassicFlow".to_owned(), json!(pool.allows_classic_flow));
    Value::Object(members)
}
