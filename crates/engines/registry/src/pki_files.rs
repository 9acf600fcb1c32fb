//! The fleet's CA and the server's certificate as files of one directory.
//!
//! | file | holds |
//! |---|---|
//! | `ca.key` | the CA's key and certificate, mode 0600; the truth |
//! | `ca.pem` | the CA's certificate, for devices |
//! | `server.key` | the server's key and certificate, mode 0600; the truth |
//! | `server.pem` | the server's certificate |
//!
//! A key and its certificate are one file, replaced by a rename, so that a crash cannot part them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use picket_core::{Secret, Timestamp};
use picket_pki::{Authority, CertificateFacts, Issued, PkiError, inspect};

const CERTIFICATE_BEGINS: &str = "-----BEGIN CERTIFICATE-----";
/// Larger files are none of ours.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Why the certificates are not at hand.
#[derive(Debug, thiserror::Error)]
pub enum PkiFilesError {
    /// A file could not be read or written.
    #[error("`{path}` could not be {verb}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The CA's file is there and not usable. It is never replaced: every device trusts it.
    #[error(
        "`{path}` is not the fleet's CA any more; restore it, or move the directory away to begin \
         a new fleet",
        path = path.display()
    )]
    DamagedAuthority {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: PkiError,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

/// The directory with the CA and the server's certificate.
#[derive(Debug, Clone)]
pub struct PkiFiles {
    directory: PathBuf,
}

impl PkiFiles {
    /// Opens `directory` or creates it with mode 0700.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, PkiFilesError> {
        let directory = directory.into();
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        made.map_err(|source| file_error(&directory, "created", source))?;
        Ok(Self { directory })
    }

    /// The file devices get: the CA's certificate.
    pub fn ca_certificate(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// The CA; a new one if there is none.
    pub fn authority(&self, now: Timestamp) -> Result<Authority, PkiFilesError> {
        let path = self.directory.join("ca.key");
        let authority = match read_pair(&path)? {
            Some(pair) => Authority::load(pair.certificate_pem, pair.private_key_pem)
                .map_err(|source| PkiFilesError::DamagedAuthority { path, source })?,
            None => {
                let authority = Authority::generate(now)?;
                write_pair(&path, authority.private_key_pem(), authority.certificate_pem())?;
                authority
            }
        };
        write_copy(&self.ca_certificate(), authority.certificate_pem())?;
        Ok(authority)
    }

    /// The server's certificate for `names` (DNS names and IP addresses). The stored one if it still
    /// [serves](picket_pki::CertificateFacts::serves), else a new one. Call it at each start and once
    /// a day: a certificate near its end is replaced.
    pub fn server(
        &self,
        authority: &Authority,
        names: &[String],
        now: Timestamp,
    ) -> Result<Issued, PkiFilesError> {
        let path = self.directory.join("server.key");
        if let Some(pair) = read_pair(&path)?
            && let Ok(facts) = inspect(&pair.certificate_pem)
            && facts.serves(names, authority.facts(), now)
        {
            let Pair { certificate_pem, private_key_pem } = pair;
            let CertificateFacts { id, not_before, not_after, .. } = facts;
            return Ok(Issued { id, certificate_pem, private_key_pem, not_before, not_after });
        }
        let issued = authority.issue_server(names, now)?;
        write_pair(&path, &issued.private_key_pem, &issued.certificate_pem)?;
        write_copy(&self.directory.join("server.pem"), &issued.certificate_pem)?;
        tracing::info!(names = names.join(", "), until = %issued.not_after, "server certificate issued");
        Ok(issued)
    }
}

/// The names a server on this machine answers to: loopback and the host's name.
pub fn local_names() -> Vec<String> {
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let is_dns_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if !host.is_empty() && host.chars().all(is_dns_name) && !names.contains(&host) {
        names.push(host);
    }
    names
}

struct Pair {
    certificate_pem: String,
    private_key_pem: Secret,
}

fn file_error(path: &Path, verb: &'static str, source: io::Error) -> PkiFilesError {
    PkiFilesError::File { path: path.to_owned(), verb, source }
}

/// The key and the certificate in `path`; `None` if there is no such file.
fn read_pair(path: &Path) -> Result<Option<Pair>, PkiFilesError> {
    let unread = |source| file_error(path, "read", source);
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(error)),
        Ok(file) if file.len() > FILE_BYTES_MAX => {
            return Err(unread(io::Error::other("it is too large for a key and a certificate")));
        }
        Ok(_) => {}
    }
    let text = fs::read_to_string(path).map_err(unread)?;
    let (key, certificate) = text.split_once(CERTIFICATE_BEGINS).unwrap_or((&text, ""));
    Ok(Some(Pair {
        certificate_pem: format!("{CERTIFICATE_BEGINS}{certificate}"),
        private_key_pem: Secret::new(key),
    }))
}

fn write_pair(path: &Path, key: &Secret, certificate: &str) -> Result<(), PkiFilesError> {
    let key = key.expose();
    let gap = if key.ends_with('\n') { "" } else { "\n" };
    replace(path, 0o600, &format!("{key}{gap}{certificate}"))
}

fn write_copy(path: &Path, certificate: &str) -> Result<(), PkiFilesError> {
    match fs::read_to_string(path) {
        Ok(present) if present == certificate => Ok(()),
        _ => replace(path, 0o644, certificate),
    }
}

/// Writes a file that is whole and on the disk under its name, or not there.
fn replace(path: &Path, mode: u32, text: &str) -> Result<(), PkiFilesError> {
    let write = || -> io::Result<()> {
        let draft = path.with_extension("new");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        match path.parent() {
            Some(directory) => fs::File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|source| file_error(path, "written", source))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

    fn names() -> Vec<String> {
        ["localhost", "127.0.0.1"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_second_start_finds_the_certificates_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let files = PkiFiles::open(dir.path().join("pki")).unwrap();
        let authority = files.authority(NOW).unwrap();
        let server = files.server(&authority, &names(), NOW).unwrap();
        let again = PkiFiles::open(dir.path().join("pki")).unwrap();
        let authority_again = again.authority(NOW).unwrap();
        assert_eq!(authority_again.certificate_pem(), authority.certificate_pem());
        let server_again = again.server(&authority_again, &names(), NOW).unwrap();
        assert_eq!(server_again.id, server.id);
        assert_eq!(server_again.private_key_pem, server.private_key_pem);
        let shown = fs::read_to_string(again.ca_certificate()).unwrap();
        assert_eq!(shown, authority.certificate_pem());
        for secret in ["ca.key", "server.key"] {
            let mode = fs::metadata(dir.path().join("pki").join(secret)).unwrap().permissions();
            assert_eq!(mode.mode() & 0o777, 0o600, "{secret}");
        }
    }

    #[test]
    fn a_server_certificate_is_renewed_near_its_end_and_for_new_names() {
        let dir = tempfile::tempdir().unwrap();
        let files = PkiFiles::open(dir.path()).unwrap();
        let authority = files.authority(NOW).unwrap();
        let first = files.server(&authority, &names(), NOW).unwrap();
        let later = Timestamp::from_millis(NOW.as_millis() + 380 * 24 * 3600 * 1000);
        let renewed = files.server(&authority, &names(), later).unwrap();
        assert_ne!(renewed.id, first.id);
        let mut more = names();
        more.push("edge-1".to_owned());
        let renamed = files.server(&authority, &more, later).unwrap();
        assert_ne!(renamed.id, renewed.id);
        assert_eq!(files.server(&authority, &names(), later).unwrap().id, renamed.id);
    }

    #[test]
    fn a_damaged_ca_is_an_error_and_never_replaced_but_a_lost_copy_is() {
        let dir = tempfile::tempdir().unwrap();
        let files = PkiFiles::open(dir.path()).unwrap();
        let authority = files.authority(NOW).unwrap();
        fs::remove_file(files.ca_certificate()).unwrap();
        files.authority(NOW).unwrap();
        assert_eq!(
            fs::read_to_string(files.ca_certificate()).unwrap(),
            authority.certificate_pem()
        );
        fs::write(dir.path().join("ca.key"), "oops").unwrap();
        let error = files.authority(NOW).unwrap_err();
        assert!(matches!(error, PkiFilesError::DamagedAuthority { .. }), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join("ca.key")).unwrap(), "oops");
    }

    #[test]
    fn this_machine_answers_to_localhost() {
        assert!(local_names().contains(&"localhost".to_owned()));
    }
}
