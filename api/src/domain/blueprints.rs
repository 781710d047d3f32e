//! Blueprints: private to their user, live-linked to servers.
//!
//! A change is never applied to a server here. It is only told that it has pending changes now.

use l4d2_contract::{
    Blueprint, BlueprintId, BlueprintPreview, CreateBlueprint, OverlayId, Page, PreviewBlueprint, ServerId,
    UpdateBlueprint, UserId,
};
use l4d2_host::InstanceName;
use l4d2_host::instance;
use l4d2_host::spec::Specification;
use sea_orm::{DbErr, SqlErr};

use crate::app::AppState;
use crate::auth::Caller;
use crate::clock;
use crate::db::blueprints::{self as queries, Columns};
use crate::db::entity::blueprints::Model;
use crate::db::{overlays, unique_or};
use crate::domain::paging::PageRequest;
use crate::domain::publish;
use crate::domain::validate::Faults;
use crate::error::{ApiError, ApiResult};

const PREVIEW_PORT: u16 = 27015;
const PREVIEW_NAME: &str = "preview";

/// A page of the caller's own blueprints.
pub async fn list(state: &AppState, caller: &Caller, request: PageRequest) -> ApiResult<Page<Blueprint>> {
    let mut rows = queries::list(state.db.read(), caller.user_id, request.after, request.rows()).await?;
    let next = request.cut(&mut rows, |row| row.id);
    Ok(Page { items: view(state, rows).await?, next })
}

/// One of the caller's own blueprints.
pub async fn get(state: &AppState, caller: &Caller, id: BlueprintId) -> ApiResult<Blueprint> {
    let row = own(state, caller, id).await?;
    view_one(state, row).await
}

/// Makes a blueprint.
pub async fn create(state: &AppState, caller: &Caller, input: CreateBlueprint) -> ApiResult<Blueprint> {
    let change = UpdateBlueprint {
        name: Some(input.name),
        arguments: Some(input.arguments),
        config: Some(input.config),
        overlay_ids: Some(input.overlay_ids),
    };
    check(state, &change).await?;
    let tx = state.db.begin().await?;
    let row = queries::insert(&tx, caller.user_id, columns(&change)?).await.map_err(taken)?;
    if let Some(overlay_ids) = &change.overlay_ids {
        queries::replace_overlays(&tx, BlueprintId(row.id), overlay_ids).await.map_err(overlay_gone)?;
    }
    tx.commit().await?;
    let blueprint = view_one(state, row).await?;
    publish::blueprint(state, blueprint.id).await?;
    Ok(blueprint)
}

/// Changes a blueprint; its servers have pending changes then.
pub async fn update(
    state: &AppState,
    caller: &Caller,
    id: BlueprintId,
    change: UpdateBlueprint,
) -> ApiResult<Blueprint> {
    own(state, caller, id).await?;
    check(state, &change).await?;
    let tx = state.db.begin().await?;
    let row = queries::update(&tx, id, columns(&change)?).await.map_err(taken)?.ok_or_else(|| missing(id))?;
    if let Some(overlay_ids) = &change.overlay_ids {
        queries::replace_overlays(&tx, id, overlay_ids).await.map_err(overlay_gone)?;
    }
    tx.commit().await?;
    state.digests.forget();
    let blueprint = view_one(state, row).await?;
    publish::blueprint(state, id).await?;
    publish::servers(state, &blueprint.server_ids).await?;
    Ok(blueprint)
}

/// Removes a blueprint that no server is linked to.
pub async fn delete(state: &AppState, caller: &Caller, id: BlueprintId) -> ApiResult<()> {
    own(state, caller, id).await?;
    match queries::delete(state.db.write(), id).await {
        Ok(true) => {}
        Ok(false) => return Err(missing(id)),
        Err(error) => return Err(in_use(state, id, error).await),
    }
    publish::blueprint_deleted(state, id, caller.user_id).await;
    Ok(())
}

/// What a server would be given by these arguments and lines; nothing is saved.
pub fn preview(input: PreviewBlueprint) -> ApiResult<BlueprintPreview> {
    let port = input.port.unwrap_or(PREVIEW_PORT);
    let name = input.name.as_deref().unwrap_or(PREVIEW_NAME);
    let mut faults = Faults::default();
    faults.check_arguments(&input.arguments);
    faults.check_config(&input.config);
    faults.check_port(port);
    faults.check_server_name(name);
    faults.finish()?;
    let specification = Specification {
        version: Specification::VERSION,
        name: InstanceName::parse(name).map_err(ApiError::internal)?,
        port,
        overlays: Vec::new(),
        arguments: input.arguments,
        config: input.config,
    };
    let plan = instance::generate(&specification).map_err(ApiError::internal)?;
    let server_cfg = plan.files.into_iter().find(|file| file.path.ends_with("/server.cfg"));
    Ok(BlueprintPreview { command: plan.command, server_cfg: server_cfg.map(|file| file.contents).unwrap_or_default() })
}

/// Any blueprint as its user sees it, without asking who wants to know.
pub(super) async fn find(state: &AppState, id: BlueprintId) -> ApiResult<Option<Blueprint>> {
    let rows: Vec<Model> = queries::find(state.db.read(), id).await?.into_iter().collect();
    Ok(view(state, rows).await?.pop())
}

/// Somebody else's blueprint is closed to everybody, admins too.
async fn own(state: &AppState, caller: &Caller, id: BlueprintId) -> ApiResult<Model> {
    let row = queries::find(state.db.read(), id).await?.ok_or_else(|| missing(id))?;
    if row.user_id == caller.user_id.0 { Ok(row) } else { Err(foreign()) }
}

/// 403 for somebody else's blueprint.
pub(super) fn foreign() -> ApiError {
    ApiError::forbidden("this blueprint belongs to somebody else")
}

async fn view(state: &AppState, rows: Vec<Model>) -> ApiResult<Vec<Blueprint>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut overlays = queries::overlays_of(state.db.read(), &ids).await?;
    let mut servers = queries::servers_of(state.db.read(), &ids).await?;
    rows.into_iter()
        .map(|row| {
            let overlay_ids = overlays.remove(&row.id).unwrap_or_default();
            let server_ids = servers.remove(&row.id).unwrap_or_default();
            blueprint(row, overlay_ids, server_ids.into_iter().map(|(id, _)| id).collect())
        })
        .collect()
}

async fn view_one(state: &AppState, row: Model) -> ApiResult<Blueprint> {
    let id = BlueprintId(row.id);
    view(state, vec![row]).await?.pop().ok_or_else(|| missing(id))
}

fn blueprint(row: Model, overlay_ids: Vec<OverlayId>, server_ids: Vec<ServerId>) -> ApiResult<Blueprint> {
    Ok(Blueprint {
        id: BlueprintId(row.id),
        user_id: UserId(row.user_id),
        name: row.name,
        arguments: serde_json::from_str(&row.arguments).map_err(ApiError::internal)?,
        config: serde_json::from_str(&row.config).map_err(ApiError::internal)?,
        overlay_ids,
        server_ids,
        created_at: clock::timestamp(row.created_at),
        updated_at: clock::timestamp(row.updated_at),
    })
}

async fn check(state: &AppState, change: &UpdateBlueprint) -> ApiResult<()> {
    let mut faults = Faults::default();
    if let Some(name) = &change.name {
        faults.check_name(name);
    }
    if let Some(arguments) = &change.arguments {
        faults.check_arguments(arguments);
    }
    if let Some(config) = &change.config {
        faults.check_config(config);
    }
    if let Some(ids) = change.overlay_ids.as_ref().filter(|ids| faults.check_overlay_count(ids)) {
        let catalog = overlays::existing(state.db.read(), ids).await?;
        faults.check_overlays(ids, &catalog);
    }
    faults.finish()
}

fn columns(change: &UpdateBlueprint) -> ApiResult<Columns> {
    let json = |list: &Vec<String>| serde_json::to_string(list).map_err(ApiError::internal);
    Ok(Columns {
        name: change.name.clone(),
        arguments: change.arguments.as_ref().map(json).transpose()?,
        config: change.config.as_ref().map(json).transpose()?,
    })
}

fn missing(id: BlueprintId) -> ApiError {
    ApiError::not_found("blueprint", id)
}

fn taken(error: DbErr) -> ApiError {
    unique_or(error, || ApiError::taken("name_taken", "name", "another blueprint of yours has this name"))
}

/// An overlay may leave the catalog between the check and the writing.
fn overlay_gone(error: DbErr) -> ApiError {
    match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
            ApiError::field("overlay_ids", "one of the overlays is not in the catalog any more")
        }
        _ => ApiError::Database(error),
    }
}

async fn in_use(state: &AppState, id: BlueprintId, error: DbErr) -> ApiError {
    let Some(SqlErr::ForeignKeyConstraintViolation(_)) = error.sql_err() else {
        return ApiError::Database(error);
    };
    match queries::servers_of(state.db.read(), &[id.0]).await {
        Ok(mut servers) => {
            let servers = servers.remove(&id.0).unwrap_or_default();
            let names: Vec<String> = servers.into_iter().map(|(_, name)| name).collect();
            ApiError::conflict("blueprint_in_use", format!("these servers are linked to it: {}", names.join(", ")))
        }
        Err(error) => ApiError::Database(error),
    }
}
