//! Who is logged in.

use std::collections::HashMap;
use std::time::Duration;

use picket_core::Timestamp;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A session as a request sees it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The user's name.
    pub(crate) user: String,
    /// The version of the user's document at log-in.
    pub(crate) user_version: u64,
    /// The token every change has to carry in a header.
    pub(crate) csrf_token: String,
    started: Timestamp,
    used: Timestamp,
}

impl Session {
    /// Whether `given` is this session's token, in constant time.
    pub(crate) fn has_csrf_token(&self, given: &[u8]) -> bool {
        self.csrf_token.as_bytes().ct_eq(given).into()
    }
}

/// How long sessions live and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    pub(crate) idle: Duration,
    pub(crate) lifetime: Duration,
    pub(crate) sessions_max: usize,
}

/// The SHA-256 of a session's token. The token itself is with the browser only, and a look-up by its
/// hash tells nothing by its timing.
type TokenHash = [u8; 32];

/// All sessions. They live in memory: a restart logs everybody out.
#[derive(Debug)]
pub(crate) struct SessionBook {
    limits: SessionLimits,
    sessions: HashMap<TokenHash, Session>,
}

impl SessionBook {
    pub(crate) fn new(limits: SessionLimits) -> Self {
        Self { limits, sessions: HashMap::new() }
    }

    /// Starts a session; returns its token for the cookie.
    pub(crate) fn start(
        &mut self,
        now: Timestamp,
        user: String,
        user_version: u64,
    ) -> (String, Session) {
        if self.sessions.len() >= self.limits.sessions_max {
            self.make_room(now);
        }
        let token = random_token();
        let csrf_token = random_token();
        let session = Session { user, user_version, csrf_token, started: now, used: now };
        self.sessions.insert(hash(&token), session.clone());
        (token, session)
    }

    /// The session of `token`, which counts as used now; `None` if there is none or it is over.
    pub(crate) fn touch(&mut self, now: Timestamp, token: &str) -> Option<Session> {
        let key = hash(token);
        let limits = self.limits;
        let session = self.sessions.get_mut(&key)?;
        if is_over(session, now, limits) {
            self.sessions.remove(&key);
            return None;
        }
        session.used = now;
        Some(session.clone())
    }

    /// Ends the session of `token`.
    pub(crate) fn end(&mut self, token: &str) {
        self.sessions.remove(&hash(token));
    }

    fn make_room(&mut self, now: Timestamp) {
        let limits = self.limits;
        self.sessions.retain(|_, session| !is_over(session, now, limits));
        if self.sessions.len() < limits.sessions_max {
            return;
        }
        let oldest = self.sessions.iter().min_by_key(|(_, session)| session.used);
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.sessions.remove(&key);
        }
    }
}

fn is_over(session: &Session, now: Timestamp, limits: SessionLimits) -> bool {
    now.since(session.used) >= limits.idle || now.since(session.started) >= limits.lifetime
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// 256 random bits in hex.
pub(crate) fn random_token() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SessionLimits = SessionLimits {
        idle: Duration::from_secs(60),
        lifetime: Duration::from_secs(100),
        sessions_max: 2,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn a_session_ends_when_idle_and_when_too_old_even_if_used() {
        let mut book = SessionBook::new(LIMITS);
        let (token, _) = book.start(at(0), "ada".to_owned(), 1);
        assert!(book.touch(at(59), &token).is_some());
        assert!(book.touch(at(99), &token).is_some());
        assert!(book.touch(at(100), &token).is_none());
        let (token, _) = book.start(at(200), "ada".to_owned(), 1);
        assert!(book.touch(at(260), &token).is_none());
    }

    #[test]
    fn the_session_longest_unused_makes_room() {
        let mut book = SessionBook::new(LIMITS);
        let (first, _) = book.start(at(0), "a".to_owned(), 1);
        let (second, _) = book.start(at(1), "b".to_owned(), 1);
        book.touch(at(2), &first);
        book.start(at(3), "c".to_owned(), 1);
        assert!(book.touch(at(4), &first).is_some());
        assert!(book.touch(at(4), &second).is_none());
    }

    #[test]
    fn the_change_token_is_not_the_session_token() {
        let mut book = SessionBook::new(LIMITS);
        let (token, session) = book.start(at(0), "ada".to_owned(), 1);
        assert!(session.has_csrf_token(session.csrf_token.as_bytes()));
        assert!(!session.has_csrf_token(token.as_bytes()));
        assert!(!session.has_csrf_token(b""));
    }
}
