//! The two styles of paging (spec iot-core §1.5).

use picket_ports::registry::Page;
use picket_registry::ControlError;

use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::ApiResult;

/// Where a caller is in a list and how much of it is wanted at a time, which is not what the list is of.
const PLACE: &[&str] = &[
    "nextToken",
    "maxResults",
    "marker",
    "pageSize",
    "NextToken",
    "MaxResults",
    "Marker",
    "MaxItems",
];

/// Headers that say what a list is of.
const ASKING_HEADERS: &[&str] = &["x-amzn-principal", "x-amzn-iot-principal", "x-amzn-iot-policy"];

impl Call {
    /// Style A: `nextToken` and `maxResults` in the query; `rows_max` rows unless told otherwise, and at
    /// most. Render `nextToken` with [`Call::next`].
    pub(crate) fn page_a(&self, rows_max: u32) -> ApiResult<Page> {
        let rows = self.query_number("maxResults", 1..=rows_max)?;
        Ok(Page {
            after: self.opened(self.query("nextToken"))?,
            rows_max: rows.unwrap_or(rows_max),
        })
    }

    /// Style A for the lists of Device Defender: 25 rows unless told otherwise, 250 at most.
    pub(crate) fn page_of_detection(&self) -> ApiResult<Page> {
        let rows = self.query_number("maxResults", 1..=250)?;
        Ok(Page { after: self.opened(self.query("nextToken"))?, rows_max: rows.unwrap_or(25) })
    }

    /// Style B: `marker` and `pageSize` in the query; 250 rows unless told otherwise, and at most. Render
    /// `nextMarker` with [`Call::next`].
    pub(crate) fn page_b(&self) -> ApiResult<Page> {
        let rows = self.query_number("pageSize", 1..=250)?;
        Ok(Page { after: self.opened(self.query("marker"))?, rows_max: rows.unwrap_or(250) })
    }

    /// Style B: `isAscendingOrder` in the query; false where it is absent.
    pub(crate) fn is_ascending(&self) -> ApiResult<bool> {
        self.query_flag("isAscendingOrder")
    }

    /// The cursor in a token that this operation gave to this caller for this list.
    pub(crate) fn opened(&self, token: Option<&str>) -> ApiResult<Option<String>> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        let cursor = self.shared.deps.token_key.open(&parts(&self.token_scope()), token);
        cursor.map(Some).map_err(|error| ApiError::invalid(error.to_string()))
    }

    /// The token for the page after this one, from [`picket_ports::registry::Rows::next`]; `None`, which is
    /// rendered as nothing, after the last page.
    pub(crate) fn next(&self, cursor: Option<String>) -> ApiResult<Option<String>> {
        let Some(cursor) = cursor else { return Ok(None) };
        let token = self.shared.deps.token_key.seal(&parts(&self.token_scope()), &cursor);
        token.map(Some).map_err(|error| {
            ControlError::Internal(format!("{}: {error}", self.operation.name)).into()
        })
    }

    /// The operation, the caller, and everything that says which rows are wanted in which order. A token
    /// goes on with one list and no other; only the size of the pages may change.
    fn token_scope(&self) -> Vec<String> {
        let is_asked = |name: &str| !PLACE.contains(&name);
        let labels = self.labels.iter().map(|(name, value)| format!("label {name}={value}"));
        let parameters = self.parameters.iter();
        // A presigned request has its signature in the query.
        let parameters =
            parameters.filter(|(name, _)| is_asked(name) && !name.starts_with("X-Amz-"));
        let parameters = parameters.map(|(name, value)| format!("query {name}={value}"));
        let header = |name: &&str| Some(format!("header {name}={}", self.header(name)?));
        let headers = ASKING_HEADERS.iter().filter_map(header);
        // What cannot be read, the operation itself refuses.
        let members = self.members().unwrap_or_default().into_iter();
        let members = members.filter(|(name, _)| is_asked(name));
        let members = members.map(|(name, value)| format!("member {name}={value}"));
        let mut asked: Vec<String> =
            labels.chain(parameters).chain(headers).chain(members).collect();
        asked.sort_unstable();
        let account = &self.control().account().id;
        let own = [self.service.name, self.operation.name, self.caller.name(), account];
        own.into_iter().map(ToOwned::to_owned).chain(asked).collect()
    }
}

fn parts(scope: &[String]) -> Vec<&str> {
    scope.iter().map(String::as_str).collect()
}

/// One page of a list that was read whole: what comes after `page.after`, where `key` grows along the list.
/// Gives the rows and the cursor of the next page.
pub(crate) fn slice<T>(
    items: Vec<T>,
    page: &Page,
    key: impl Fn(&T) -> &str,
) -> (Vec<T>, Option<String>) {
    let rows_max = usize::try_from(page.rows_max).unwrap_or(usize::MAX).max(1);
    let is_after = |item: &T| page.after.as_deref().is_none_or(|after| key(item) > after);
    let mut rest = items.into_iter().filter(is_after).peekable();
    let rows: Vec<T> = rest.by_ref().take(rows_max).collect();
    let next = match (rest.peek(), rows.last()) {
        (Some(_), Some(last)) => Some(key(last).to_owned()),
        _ => None,
    };
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_whole_list_meet_without_gap_or_overlap() {
        let all: Vec<String> = (0..7).map(|n| format!("n{n}")).collect();
        let mut page = Page::first(3);
        let mut seen = Vec::new();
        loop {
            let (rows, next) = slice(all.clone(), &page, String::as_str);
            seen.extend(rows);
            let Some(next) = next else { break };
            page.after = Some(next);
        }
        assert_eq!(seen, all);
    }
}
