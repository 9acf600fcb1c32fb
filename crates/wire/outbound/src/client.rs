//! The HTTP client.

use std::sync::Arc;
use std::time::Duration;

use reqwest::ClientBuilder;

use crate::rules::Resolver;

/// What a client that keeps to `resolver` begins with: `tls` as it is, no proxy, no redirects, and how long
/// a connection and a request in all may take.
pub fn client(
    tls: rustls::ClientConfig,
    resolver: Resolver,
    connect_timeout: Duration,
    request_timeout: Duration,
) -> ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(resolver))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("picket/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .timeout(request_timeout)
}
