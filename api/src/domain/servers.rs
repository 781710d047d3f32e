//! Servers: a name, a port and a link to a blueprint of the same user. Open to their owner and to admins.

use l4d2_contract::{
    ActualState, BlueprintId, ConsoleCommand, CreateServer, DesiredState, JobId, Operation, Page, Server, ServerId,
    UpdateServer, UserId,
};
use l4d2_host::{HostError, InstanceName};

use crate::app::AppState;
use crate::auth::Caller;
use crate::clock;
use crate::db::entity::{blueprints as blueprint_rows, servers::Model};
use crate::db::servers::{self as queries, NewServer};
use crate::db::{blueprints, jobs, server_state, users};
use crate::domain::paging::PageRequest;
use crate::domain::taken::refused;
use crate::domain::validate::Faults;
use crate::domain::{access, publish};
use crate::error::{ApiError, ApiResult};
use crate::status;

/// A page of the caller's servers, or of all servers for admins who ask for them.
pub async fn list(state: &AppState, caller: &Caller, all: bool, request: PageRequest) -> ApiResult<Page<Server>> {
    if all && !caller.admin {
        return Err(ApiError::Forbidden {
            code: "admin_required",
            detail: "only admins see everybody's servers".to_owned(),
        });
    }
    let user = (!all).then_some(caller.user_id);
    let mut rows = queries::list(state.db.read(), user, request.after, request.rows()).await?;
    let next = request.cut(&mut rows, |row| row.id);
    Ok(Page { items: view(state, rows).await?, next })
}

/// One server.
pub async fn get(state: &AppState, caller: &Caller, id: ServerId) -> ApiResult<Server> {
    let row = access::visible_server(state.db.read(), caller, id).await?;
    view_one(state, row).await
}

/// Makes a server of the caller's own. Nothing happens on the host until its first job.
pub async fn create(state: &AppState, caller: &Caller, input: CreateServer) -> ApiResult<Server> {
    let mut faults = Faults::default();
    faults.check_server_name(&input.name);
    faults.check_port(input.port);
    let blueprint = referenced(state, input.blueprint_id, &mut faults).await?;
    faults.finish()?;
    check_link(caller, caller.user_id, blueprint.as_ref())?;
    let (name, port) = (input.name.clone(), input.port);
    let new = NewServer { user: caller.user_id, blueprint: input.blueprint_id, name: input.name, port };
    let row = match insert(state, caller, new).await {
        Err(ApiError::Database(error)) => return Err(refused(state, caller, Some(&name), Some(port), error).await),
        answer => answer?,
    };
    let server = view_one(state, row).await?;
    publish::server(state, server.id).await?;
    publish::blueprint(state, server.blueprint_id).await?;
    Ok(server)
}

/// Adds it, if its user may have one more.
async fn insert(state: &AppState, caller: &Caller, new: NewServer) -> ApiResult<Model> {
    let most = state.config.servers_per_user;
    if most == 0 || caller.admin {
        return queries::insert(state.db.write(), new).await.map_err(ApiError::from);
    }
    let tx = state.db.begin().await?;
    // Held, so that of parallel requests each counts what the one before has made.
    users::find_locked(&tx, new.user).await?;
    let own = queries::count_of_user(&tx, new.user).await?;
    if own >= most {
        let (servers, which) = if own == 1 { ("server", "it") } else { ("servers", "one") };
        let detail =
            format!("you have {own} {servers}, and that is as many as one user may have: delete {which} first");
        return Err(ApiError::conflict("too_many_servers", detail));
    }
    let row = queries::insert(&tx, new).await?;
    tx.commit().await?;
    Ok(row)
}

/// Links a server to another blueprint of its owner, or gives it another port. Takes effect when it is next generated.
pub async fn update(state: &AppState, caller: &Caller, id: ServerId, input: UpdateServer) -> ApiResult<Server> {
    let before = access::visible_server(state.db.read(), caller, id).await?;
    let mut faults = Faults::default();
    if let Some(port) = input.port {
        faults.check_port(port);
    }
    let blueprint = match input.blueprint_id {
        Some(id) => referenced(state, id, &mut faults).await?,
        None => None,
    };
    faults.finish()?;
    check_link(caller, UserId(before.user_id), blueprint.as_ref())?;

    let tx = state.db.begin().await?;
    // From here on a delete waits until this change is through, or is seen.
    let row = server_state::find_locked(&tx, id).await?.ok_or_else(|| missing(id))?;
    let active = jobs::active_of_server(&tx, id).await?;
    if active.iter().any(|job| jobs::operation(job) == Operation::Delete) {
        return Err(ApiError::conflict("server_deleting", format!("{} is being deleted", row.name)));
    }
    let changed = match queries::update(&tx, id, input.blueprint_id, input.port).await {
        Ok(changed) => changed,
        Err(error) => {
            tx.rollback().await?;
            return Err(refused(state, caller, None, input.port, error).await);
        }
    };
    tx.commit().await?;

    let server = view_one(state, changed.ok_or_else(|| missing(id))?).await?;
    publish::server(state, id).await?;
    if server.blueprint_id.0 != row.blueprint_id {
        publish::blueprint(state, BlueprintId(row.blueprint_id)).await?;
        publish::blueprint(state, server.blueprint_id).await?;
    }
    Ok(server)
}

/// Sends one line to the running game's console.
pub async fn send_command(state: &AppState, caller: &Caller, id: ServerId, input: &ConsoleCommand) -> ApiResult<()> {
    let row = access::visible_server(state.db.read(), caller, id).await?;
    let mut faults = Faults::default();
    faults.check_console_command(&input.command);
    faults.finish()?;
    let name = InstanceName::parse(&row.name).map_err(ApiError::internal)?;
    match state.host.console(&name, &input.command).await {
        Ok(()) => Ok(()),
        Err(HostError::NotRunning | HostError::NoInstance(_)) => {
            Err(ApiError::conflict("not_running", format!("{} does not run", row.name)))
        }
        Err(error @ HostError::ConsoleStuck) => Err(ApiError::conflict("console_stuck", error.to_string())),
        Err(error) => Err(ApiError::internal(error)),
    }
}

/// Rows as they go over the wire, in their order, with a fixed number of queries.
pub async fn view(state: &AppState, rows: Vec<Model>) -> ApiResult<Vec<Server>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let digests = state.digests.of(state, &rows).await?;
    let active = queries::active_jobs(state.db.read()).await?;
    let server = |row: Model| {
        let pending = row.applied_digest.as_deref() != digests.get(&row.id).map(AsRef::as_ref);
        let active = active.get(&row.id).copied();
        server(row, active, pending)
    };
    Ok(rows.into_iter().map(server).collect())
}

async fn view_one(state: &AppState, row: Model) -> ApiResult<Server> {
    let id = ServerId(row.id);
    view(state, vec![row]).await?.pop().ok_or_else(|| missing(id))
}

fn server(row: Model, active: Option<(JobId, Operation)>, pending_changes: bool) -> Server {
    let (job, operation) = active.unzip();
    // The database's own checks keep states and port to what they can be.
    let desired_state = DesiredState::from_text(&row.desired_state).unwrap_or(DesiredState::Stopped);
    let actual_state = ActualState::from_text(&row.actual_state).unwrap_or(ActualState::Unknown);
    Server {
        id: ServerId(row.id),
        user_id: UserId(row.user_id),
        name: row.name,
        port: u16::try_from(row.port).unwrap_or_default(),
        blueprint_id: BlueprintId(row.blueprint_id),
        desired_state,
        actual_state,
        actual_state_updated_at: row.actual_state_updated_at.map(clock::timestamp),
        actual_state_since: row.actual_state_since.map(clock::timestamp),
        display_state: status::display_state(operation, actual_state),
        drift: status::drift(operation, desired_state, actual_state),
        pending_changes,
        last_error: row.last_error,
        active_job: job,
        created_at: clock::timestamp(row.created_at),
        updated_at: clock::timestamp(row.updated_at),
    }
}

/// The blueprint that a request names; a missing one is a fault of the request.
async fn referenced(
    state: &AppState,
    id: BlueprintId,
    faults: &mut Faults,
) -> ApiResult<Option<blueprint_rows::Model>> {
    let row = blueprints::find(state.db.read(), id).await?;
    if row.is_none() {
        faults.add("blueprint_id", format_args!("there is no blueprint {id}"));
    }
    Ok(row)
}

/// A server runs from a blueprint of its own owner, whoever links it.
fn check_link(caller: &Caller, owner: UserId, blueprint: Option<&blueprint_rows::Model>) -> ApiResult<()> {
    match blueprint {
        Some(blueprint) if blueprint.user_id == owner.0 => Ok(()),
        Some(blueprint) if blueprint.user_id == caller.user_id.0 => {
            Err(ApiError::field("blueprint_id", "must be a blueprint of the server's owner"))
        }
        Some(_) => Err(super::blueprints::foreign()),
        None => Ok(()),
    }
}

fn missing(id: ServerId) -> ApiError {
    ApiError::not_found("server", id)
}
