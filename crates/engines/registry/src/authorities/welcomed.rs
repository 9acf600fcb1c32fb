//! Which certificates may introduce themselves, for the front door.

use picket_pki::Signers;
use picket_ports::registry::Document;

use crate::RegisteredAuthority;

/// The authorities whose certificates register themselves when they connect: ACTIVE ones with automatic
/// registration. Made anew when a document of kind `Authority` changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WelcomedAuthorities(Signers);

impl WelcomedAuthorities {
    /// The welcomed ones among the documents of kind `Authority`. One that cannot be read is logged
    /// and welcomes nobody.
    pub fn from_documents(documents: &[Document]) -> Self {
        let welcoming = documents.iter().filter_map(|document| {
            match RegisteredAuthority::from_document(document) {
                Ok(authority) => authority.record.is_welcoming().then_some(authority.signer),
                Err(error) => {
                    tracing::error!(%error, "a CA certificate is left out");
                    None
                }
            }
        });
        Self(welcoming.collect())
    }

    /// Whether one of them has signed the certificate `der`. Next to nothing for a certificate that
    /// names none of them; at most one check of a signature for each of that name otherwise.
    pub fn have_signed(&self, der: &[u8]) -> bool {
        self.0.signer_of(der).is_some()
    }
}
