//! What is said when the name or the port that a server should have is another's.

use l4d2_contract::FieldError;
use sea_orm::{DbErr, SqlErr};

use crate::app::AppState;
use crate::auth::Caller;
use crate::db::entity::servers::Model;
use crate::db::{server_state, servers};
use crate::error::ApiError;

/// The error for a row that the database refused: all that is taken, and by whom where the caller may know. To be asked
/// when the transaction is over.
pub(super) async fn refused(
    state: &AppState,
    caller: &Caller,
    name: Option<&str>,
    port: Option<u16>,
    error: DbErr,
) -> ApiError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(text)) => {
            found(state, caller, name, port).await.unwrap_or_else(Some).unwrap_or_else(|| gone(&text))
        }
        // It was there a moment ago.
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
            ApiError::field("blueprint_id", "the blueprint does not exist any more")
        }
        _ => ApiError::Database(error),
    }
}

async fn found(
    state: &AppState,
    caller: &Caller,
    name: Option<&str>,
    port: Option<u16>,
) -> Result<Option<ApiError>, ApiError> {
    let namesake = match name {
        Some(name) => server_state::find_by_name(state.db.read(), name).await?,
        None => None,
    };
    let neighbour = match port {
        Some(port) => servers::find_by_port(state.db.read(), port).await?,
        None => None,
    };
    let name = namesake.map(|_| ("name_taken", "name", "another server has this name".to_owned()));
    let port =
        neighbour.map(|row| ("port_taken", "port", format!("port {} is used by {}", row.port, who(caller, &row))));
    let taken: Vec<_> = [name, port].into_iter().flatten().collect();
    let Some((code, ..)) = taken.first() else { return Ok(None) };
    let detail: Vec<&str> = taken.iter().map(|(_, _, message)| message.as_str()).collect();
    Ok(Some(ApiError::Conflict {
        code,
        detail: detail.join("; "),
        errors: taken
            .iter()
            .map(|(_, field, message)| FieldError { field: (*field).to_owned(), message: message.clone() })
            .collect(),
    }))
}

/// A server as the caller may hear of it: somebody else's name is for admins.
fn who<'a>(caller: &Caller, row: &'a Model) -> &'a str {
    if caller.admin || row.user_id == caller.user_id.0 { &row.name } else { "another server" }
}

/// What stood in the way is gone by now. Both databases name the column, or the constraint that is named after it.
fn gone(text: &str) -> ApiError {
    if text.contains("port") {
        ApiError::taken("port_taken", "port", "another server had this port; try again")
    } else {
        ApiError::taken("name_taken", "name", "another server had this name; try again")
    }
}
