//! Opening the listeners.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::{GatewayConfig, PlaintextAuth};
use crate::door::{Door, Proof};
use crate::gateway::{GatewayError, GatewayParts};
use crate::rules::{Rules, RulesConfig};
use crate::standing::Terms;
use crate::tls::{Purpose, TlsSettings};

/// Where the listeners ended up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoundAddresses {
    /// MQTT over mutual TLS.
    pub mqtt: Option<SocketAddr>,
    /// The ALPN port.
    pub alpn: Option<SocketAddr>,
    /// MQTT without TLS.
    pub plaintext: Option<SocketAddr>,
}

#[derive(Default)]
pub(crate) struct Doors {
    pub(crate) open: Vec<(TcpListener, Door)>,
    pub(crate) addresses: BoundAddresses,
}

/// The port that needs no permission, for where 443 is not permitted.
const UNPRIVILEGED_ALPN_PORT: u16 = 8443;

pub(crate) async fn open_doors(
    config: &GatewayConfig,
    parts: &GatewayParts,
    terms: Terms,
) -> Result<Doors, GatewayError> {
    let mut doors = Doors::default();
    let with_max_qos = |rules: &RulesConfig| {
        let max_qos = rules.max_qos.or(config.max_qos);
        RulesConfig { max_qos, ..rules.clone() }
    };
    let tls_rules = Rules::for_tls(&with_max_qos(&config.tls_rules));
    for (address, purpose) in [(config.mqtt, Purpose::Mqtt), (config.alpn, Purpose::Alpn)] {
        let Some(address) = address.get() else { continue };
        let settings = TlsSettings {
            identity: parts.identity.as_ref().ok_or(GatewayError::NoIdentity)?,
            directory: &parts.directory,
            terms,
            resumption: config.tls_resumption,
        };
        let serves_http = purpose == Purpose::Alpn;
        let proof = Proof::Tls { config: settings.server_config(purpose)?, serves_http };
        let (listener, bound) = bind(address, serves_http).await?;
        let (name, place) = match purpose {
            Purpose::Mqtt => ("mqtt", &mut doors.addresses.mqtt),
            Purpose::Alpn => ("alpn", &mut doors.addresses.alpn),
        };
        *place = Some(bound);
        let (rules, deny_subscribe) = (tls_rules.clone(), [].into());
        doors.open.push((listener, Door { name, address: bound, rules, proof, deny_subscribe }));
    }
    if let Some(address) = config.plaintext.get() {
        let (listener, bound) = bind(address, false).await?;
        doors.addresses.plaintext = Some(bound);
        let proof = match (&config.plaintext_auth, &config.plaintext_password) {
            (PlaintextAuth::Password, Some(pair)) => Proof::Password(pair.clone()),
            _ => Proof::None,
        };
        let rules = Rules::for_plaintext(&with_max_qos(&config.plaintext_rules));
        let deny_subscribe = config.plaintext_deny_subscribe.clone().into();
        let name = "plaintext";
        doors.open.push((listener, Door { name, address: bound, rules, proof, deny_subscribe }));
    }
    Ok(doors)
}

async fn bind(
    address: SocketAddr,
    has_substitute: bool,
) -> Result<(TcpListener, SocketAddr), GatewayError> {
    let failed = |address| move |source| GatewayError::Listen { address, source };
    let listener = match TcpListener::bind(address).await {
        Err(error) if has_substitute && address.port() == 443 && is_forbidden(&error) => {
            let other = SocketAddr::new(address.ip(), UNPRIVILEGED_ALPN_PORT);
            tracing::info!(%other, "port 443 is not permitted");
            TcpListener::bind(other).await.map_err(failed(other))?
        }
        other => other.map_err(failed(address))?,
    };
    let bound = listener.local_addr().map_err(failed(address))?;
    Ok((listener, bound))
}

fn is_forbidden(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}
