//! Users, as the commands manage them.

use picket_core::{Role, Secret};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{CSRF_HEADER, ConsoleClient};
use crate::cli::Failure;

impl ConsoleClient {
    /// Everybody who may log in, as the API says it.
    pub(crate) fn users(&self) -> Result<Vec<Map<String, Value>>, Failure> {
        #[derive(serde::Deserialize)]
        struct Users {
            users: Vec<Map<String, Value>>,
        }
        let answer: Users = self.call(self.http.get(self.address("users")))?;
        Ok(answer.users)
    }

    /// Makes a user.
    pub(crate) fn create_user(
        &self,
        name: &str,
        password: &Secret,
        role: Role,
    ) -> Result<Value, Failure> {
        let new = json!({"name": name, "password": password.expose(), "role": role});
        self.call(self.change("users").json(&new))
    }

    /// Gives a user another role or password.
    pub(crate) fn change_user(
        &self,
        name: &str,
        role: Option<Role>,
        password: Option<&Secret>,
    ) -> Result<Value, Failure> {
        let mut change = Map::new();
        if let Some(role) = role {
            change.insert("role".to_owned(), json!(role));
        }
        if let Some(password) = password {
            change.insert("password".to_owned(), json!(password.expose()));
        }
        self.call(self.user(Method::PATCH, name)?.json(&change))
    }

    /// Removes a user.
    pub(crate) fn delete_user(&self, name: &str) -> Result<(), Failure> {
        self.done(self.user(Method::DELETE, name)?)
    }

    fn user(
        &self,
        method: Method,
        name: &str,
    ) -> Result<reqwest::blocking::RequestBuilder, Failure> {
        let url = self.entry("users", name)?;
        Ok(self.http.request(method, url).header(CSRF_HEADER, self.csrf.expose()))
    }
}
