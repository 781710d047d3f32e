//! The catalog: everybody reads it, admins write it and see paths.

use l4d2_contract::{CreateOverlay, Overlay, OverlayId, Page, UpdateOverlay};
use l4d2_host::OverlayCheck;
use sea_orm::{DbErr, SqlErr};

use crate::app::AppState;
use crate::auth::Caller;
use crate::clock;
use crate::db::entity::overlays::Model;
use crate::db::{overlays as queries, unique_or};
use crate::domain::paging::PageRequest;
use crate::domain::publish;
use crate::domain::validate::Faults;
use crate::error::{ApiError, ApiResult};

/// A page of the catalog.
pub async fn list(state: &AppState, caller: &Caller, request: PageRequest) -> ApiResult<Page<Overlay>> {
    let mut rows = queries::list(state.db.read(), request.after, request.rows()).await?;
    let next = request.cut(&mut rows, |row| row.id);
    Ok(Page { items: view(state, rows, caller.admin).await?, next })
}

/// One overlay.
pub async fn get(state: &AppState, caller: &Caller, id: OverlayId) -> ApiResult<Overlay> {
    let row = queries::find(state.db.read(), id).await?.ok_or_else(|| missing(id))?;
    view_one(state, row, caller.admin).await
}

/// Adds an overlay; its directory need not be there yet.
pub async fn create(state: &AppState, input: CreateOverlay) -> ApiResult<Overlay> {
    check(state, Some(&input.name), Some(&input.path)).await?;
    let row = queries::insert(state.db.write(), input.name, input.path).await.map_err(taken)?;
    let overlay = view_one(state, row, true).await?;
    publish::overlay(state, overlay.id).await?;
    Ok(overlay)
}

/// Changes an overlay. Another path is a pending change of every server that uses it.
pub async fn update(state: &AppState, id: OverlayId, input: UpdateOverlay) -> ApiResult<Overlay> {
    // First of all, so that a wrong field of something missing is still 404.
    queries::find(state.db.read(), id).await?.ok_or_else(|| missing(id))?;
    check(state, input.name.as_deref(), input.path.as_deref()).await?;
    let moved = input.path.is_some();
    let row = queries::update(state.db.write(), id, input.name, input.path).await.map_err(taken)?;
    if moved {
        state.digests.forget();
    }
    let overlay = view_one(state, row.ok_or_else(|| missing(id))?, true).await?;
    publish::overlay(state, id).await?;
    if moved {
        publish::servers(state, &queries::servers_with(state.db.read(), id).await?).await?;
    }
    Ok(overlay)
}

/// Removes an overlay that no blueprint uses. What lies on the disk stays.
pub async fn delete(state: &AppState, caller: &Caller, id: OverlayId) -> ApiResult<()> {
    match queries::delete(state.db.write(), id).await {
        Ok(true) => {}
        Ok(false) => return Err(missing(id)),
        Err(error) => return Err(in_use(state, caller, id, error).await),
    }
    publish::overlay_deleted(state, id).await;
    Ok(())
}

/// Any overlay as admins see it, without asking who wants to know.
pub(super) async fn find(state: &AppState, id: OverlayId) -> ApiResult<Option<Overlay>> {
    let rows: Vec<Model> = queries::find(state.db.read(), id).await?.into_iter().collect();
    Ok(view(state, rows, true).await?.pop())
}

/// Rows as they go over the wire, with a look at the disk.
async fn view(state: &AppState, rows: Vec<Model>, admin: bool) -> ApiResult<Vec<Overlay>> {
    let host = state.host.clone();
    let looks = move || {
        let look = |row: Model| {
            let present = host.check_overlay(&row.path) == OverlayCheck::Present;
            overlay(row, present, admin)
        };
        rows.into_iter().map(look).collect()
    };
    tokio::task::spawn_blocking(looks).await.map_err(ApiError::internal)
}

async fn view_one(state: &AppState, row: Model, admin: bool) -> ApiResult<Overlay> {
    let id = OverlayId(row.id);
    view(state, vec![row], admin).await?.pop().ok_or_else(|| missing(id))
}

fn overlay(row: Model, present: bool, admin: bool) -> Overlay {
    Overlay {
        id: OverlayId(row.id),
        name: row.name,
        present,
        path: admin.then_some(row.path),
        created_at: clock::timestamp(row.created_at),
        updated_at: clock::timestamp(row.updated_at),
    }
}

async fn check(state: &AppState, name: Option<&str>, path: Option<&str>) -> ApiResult<()> {
    let mut faults = Faults::default();
    if let Some(name) = name {
        faults.check_name(name);
    }
    if let Some(path) = path {
        let fine_so_far = faults.count();
        faults.check_overlay_path(path);
        if faults.count() == fine_so_far {
            check_place(state, path, &mut faults).await?;
        }
    }
    faults.finish()
}

/// Where the path leads now. It is looked at again, on the opened directory, whenever it is used.
async fn check_place(state: &AppState, path: &str, faults: &mut Faults) -> ApiResult<()> {
    let (host, owned) = (state.host.clone(), path.to_owned());
    let place = tokio::task::spawn_blocking(move || host.check_overlay(&owned)).await.map_err(ApiError::internal)?;
    match place {
        OverlayCheck::Present | OverlayCheck::Missing => {}
        OverlayCheck::NotADirectory => faults.add("path", "is no directory"),
        OverlayCheck::Escapes => faults.add("path", "leads out of the overlay root"),
    }
    Ok(())
}

fn missing(id: OverlayId) -> ApiError {
    ApiError::not_found("overlay", id)
}

fn taken(error: DbErr) -> ApiError {
    unique_or(error, || ApiError::taken("name_taken", "name", "another overlay has this name"))
}

async fn in_use(state: &AppState, caller: &Caller, id: OverlayId, error: DbErr) -> ApiError {
    let Some(SqlErr::ForeignKeyConstraintViolation(_)) = error.sql_err() else {
        return ApiError::Database(error);
    };
    match blueprints_with(state, caller, id).await {
        Ok((own, count)) => ApiError::conflict("overlay_in_use", use_of(&own, count)),
        Err(error) => ApiError::Database(error),
    }
}

/// The names of the caller's own blueprints that use it, and how many use it at all.
async fn blueprints_with(state: &AppState, caller: &Caller, id: OverlayId) -> Result<(Vec<String>, u64), DbErr> {
    let own = queries::blueprints_with(state.db.read(), id, caller.user_id).await?;
    Ok((own, queries::count_blueprints(state.db.read(), id).await?))
}

/// Who uses it, and what to do. Blueprints are private: of those of others only the number is told.
fn use_of(own: &[String], count: u64) -> String {
    let others = count.saturating_sub(own.len() as u64);
    let of_others = match others {
        0 => None,
        1 => Some("1 blueprint of somebody else".to_owned()),
        many => Some(format!("{many} blueprints of others")),
    };
    let of_own = (!own.is_empty()).then(|| format!("your own {}", own.join(", ")));
    let users: Vec<String> = of_own.into_iter().chain(of_others).collect();
    format!("this overlay is used by {}: take it out there first", users.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::use_of;

    #[test]
    fn who_uses_an_overlay_is_named_as_far_as_it_is_ones_own() {
        let own = ["comp".to_owned(), "coop".to_owned()];
        assert_eq!(use_of(&own[..1], 1), "this overlay is used by your own comp: take it out there first");
        assert_eq!(
            use_of(&own, 3),
            "this overlay is used by your own comp, coop and 1 blueprint of somebody else: take it out there first"
        );
        assert_eq!(use_of(&[], 2), "this overlay is used by 2 blueprints of others: take it out there first");
    }
}
