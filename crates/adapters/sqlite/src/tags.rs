//! Tags. They are on no feed: nothing follows them.

use async_trait::async_trait;
use picket_ports::registry::Tags;

use crate::{Result, SqliteRegistry, rows};

#[async_trait]
impl Tags for SqliteRegistry {
    async fn tag(&self, arn: &str, tags: &[(String, String)]) -> Result<()> {
        let (arn, tags) = (arn.to_owned(), tags.to_vec());
        self.write(move |database, _| {
            let text = "INSERT INTO tags (arn, key, value) VALUES (?1, ?2, ?3)
                        ON CONFLICT DO UPDATE SET value = excluded.value";
            for (key, value) in &tags {
                rows::change(database, text, [&arn, key, value])?;
            }
            Ok(())
        })
        .await
    }

    async fn untag(&self, arn: &str, keys: &[String]) -> Result<()> {
        let (arn, keys) = (arn.to_owned(), keys.to_vec());
        self.write(move |database, _| {
            for key in &keys {
                let text = "DELETE FROM tags WHERE arn = ?1 AND key = ?2";
                rows::change(database, text, [&arn, key])?;
            }
            Ok(())
        })
        .await
    }

    async fn untag_all(&self, arn: &str) -> Result<()> {
        let arn = arn.to_owned();
        self.write(move |database, _| {
            rows::change(database, "DELETE FROM tags WHERE arn = ?1", [&arn]).map(|_| ())
        })
        .await
    }

    async fn tags(&self, arn: &str) -> Result<Vec<(String, String)>> {
        let arn = arn.to_owned();
        self.read(move |database| {
            let text = "SELECT key, value FROM tags WHERE arn = ?1 ORDER BY key";
            rows::all(database, text, [&arn], |row| Ok((rows::text(row, 0)?, rows::text(row, 1)?)))
        })
        .await
    }
}
