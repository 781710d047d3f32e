//! Queries on jobs.

use l4d2_contract::{Job, JobId, JobState, Operation, ServerId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

use super::entity::jobs::{ActiveModel, Column, Entity, Model};
use crate::clock;
use crate::jobs::rules::ActiveJob;

/// What a job is filed with.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Who asked for it.
    pub user: UserId,
    /// Whose server it is; the asker's own for an install.
    pub owner: UserId,
    /// The server and its name.
    pub server: Option<(ServerId, String)>,
    /// What to do.
    pub operation: Operation,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// A final state.
    pub state: JobState,
    /// The exit status of the process that ended it.
    pub exit_code: Option<i32>,
    /// One sentence; empty after a success.
    pub error: String,
}

/// What a list of jobs is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only jobs of this owner's servers; none: all, installs too.
    pub owner: Option<UserId>,
    /// Only jobs of this server.
    pub server: Option<ServerId>,
    /// Only jobs in this state.
    pub state: Option<JobState>,
    /// Only jobs that do this.
    pub operation: Option<Operation>,
    /// Only jobs older than this one.
    pub before: Option<JobId>,
}

/// Files a job.
pub async fn insert(db: &impl ConnectionTrait, job: NewJob) -> Result<Model, DbErr> {
    let (server_id, server_name) = job.server.map(|(id, name)| (id.0, name)).unzip();
    let row = ActiveModel {
        id: NotSet,
        user_id: Set(job.user.0),
        owner_id: Set(job.owner.0),
        server_id: Set(server_id),
        server_name: Set(server_name),
        operation: Set(job.operation.as_str().to_owned()),
        state: Set(JobState::Queued.as_str().to_owned()),
        progress: Set(None),
        exit_code: Set(None),
        error: Set(String::new()),
        log_lines: Set(0),
        log_bytes: Set(0),
        created_at: Set(clock::now()),
        started_at: Set(None),
        finished_at: Set(None),
    };
    Entity::insert(row).exec_with_returning(db).await
}

/// One job.
pub async fn find(db: &impl ConnectionTrait, id: JobId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.0).one(db).await
}

/// A page of jobs, newest first.
pub async fn list(db: &impl ConnectionTrait, filter: &JobFilter, limit: u64) -> Result<Vec<Model>, DbErr> {
    select_page(filter, limit).all(db).await
}

fn select_page(filter: &JobFilter, limit: u64) -> Select<Entity> {
    let mut condition = Condition::all();
    if let Some(owner) = filter.owner {
        condition = condition.add(Column::OwnerId.eq(owner.0)).add(Column::Operation.ne(Operation::Install.as_str()));
    }
    if let Some(server) = filter.server {
        condition = condition.add(Column::ServerId.eq(server.0));
    }
    if let Some(state) = filter.state {
        condition = condition.add(Column::State.eq(state.as_str()));
    }
    if let Some(operation) = filter.operation {
        condition = condition.add(Column::Operation.eq(operation.as_str()));
    }
    if let Some(before) = filter.before {
        condition = condition.add(Column::Id.lt(before.0));
    }
    Entity::find().filter(condition).order_by_desc(Column::Id).limit(limit)
}

/// All queued and running jobs, oldest first.
pub async fn active(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(is_active()).order_by_asc(Column::Id).all(db).await
}

/// The queued and running jobs of one server, oldest first.
pub async fn active_of_server(db: &impl ConnectionTrait, server: ServerId) -> Result<Vec<Model>, DbErr> {
    select_active_of_server(server).all(db).await
}

fn select_active_of_server(server: ServerId) -> Select<Entity> {
    let of_server = Column::ServerId.eq(server.0);
    Entity::find().filter(of_server).filter(is_active()).order_by_asc(Column::Id)
}

/// Marks a queued job as running. False when it was not queued any more.
pub async fn claim(db: &impl ConnectionTrait, id: JobId) -> Result<bool, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(JobState::Running.as_str()))
        .col_expr(Column::StartedAt, Expr::value(clock::now()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(JobState::Queued.as_str()))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Ends a job that is in state `from`. False when it was in another.
pub async fn finish(db: &impl ConnectionTrait, id: JobId, from: JobState, end: &JobEnd) -> Result<bool, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(end.state.as_str()))
        .col_expr(Column::ExitCode, Expr::value(end.exit_code))
        .col_expr(Column::Error, Expr::value(end.error.as_str()))
        .col_expr(Column::FinishedAt, Expr::value(clock::now()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(from.as_str()))
        .exec(db)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Writes how far a running job is.
pub async fn set_progress(db: &impl ConnectionTrait, id: JobId, progress: f64) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Progress, Expr::value(progress))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(JobState::Running.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

/// With the states as part of the statement: the index `jobs_active` is not taken for parameters.
pub(super) fn is_active() -> Expr {
    let states = [JobState::Queued, JobState::Running];
    Expr::col(Column::State.as_column_ref()).is_in(states.map(|state| Expr::Constant(state.as_str().into())))
}

/// The row as scheduling sees it.
pub fn to_active(row: &Model) -> ActiveJob {
    ActiveJob { id: JobId(row.id), server: row.server_id.map(ServerId), operation: operation(row) }
}

/// The row's operation. The database's own check keeps it to known texts.
pub fn operation(row: &Model) -> Operation {
    Operation::from_text(&row.operation).unwrap_or(Operation::Initialize)
}

/// The row's state. The database's own check keeps it to known texts.
pub fn state(row: &Model) -> JobState {
    JobState::from_text(&row.state).unwrap_or(JobState::Failed)
}

/// The row as it goes over the wire.
pub fn to_contract(row: &Model) -> Job {
    Job {
        id: JobId(row.id),
        user_id: UserId(row.user_id),
        server_id: row.server_id.map(ServerId),
        server_name: row.server_name.clone(),
        operation: operation(row),
        state: state(row),
        progress: row.progress,
        exit_code: row.exit_code,
        error: row.error.clone(),
        created_at: clock::timestamp(row.created_at),
        started_at: row.started_at.map(clock::timestamp),
        finished_at: row.finished_at.map(clock::timestamp),
    }
}

#[cfg(test)]
mod tests {
    use l4d2_migrations::{Migrator, MigratorTrait};
    use sea_orm::{DatabaseBackend, QueryTrait};

    use super::*;
    use crate::db::Db;

    /// What SQLite says that it will do.
    async fn plan(db: &Db, query: Select<Entity>) -> String {
        let mut statement = query.build(DatabaseBackend::Sqlite);
        statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let steps = db.write().query_all_raw(statement).await.expect("a plan");
        let steps = steps.iter().map(|step| step.try_get::<String>("", "detail").expect("a text"));
        steps.collect::<Vec<_>>().join("; ")
    }

    /// However many jobs have ended: their rows stay.
    #[tokio::test]
    async fn lists_and_filing_look_at_no_more_jobs_than_they_answer() {
        let db = Db::connect("sqlite::memory:").await.expect("a database");
        Migrator::up(db.write(), None).await.expect("a schema");
        let (owner, server) = (Some(UserId(1)), Some(ServerId(1)));
        let (state, before) = (Some(JobState::Failed), Some(JobId(9)));
        let lists = [
            (JobFilter { owner, state, ..JobFilter::default() }, "jobs_owner_state (owner_id=? AND state=?)"),
            (
                JobFilter { owner, state, before, ..JobFilter::default() },
                "jobs_owner_state (owner_id=? AND state=? AND id<?)",
            ),
            (JobFilter { server, state, ..JobFilter::default() }, "jobs_server_state (server_id=? AND state=?)"),
            (
                JobFilter { server, state, before, ..JobFilter::default() },
                "jobs_server_state (server_id=? AND state=? AND id<?)",
            ),
            (JobFilter { server, ..JobFilter::default() }, "jobs_server (server_id=?)"),
            (JobFilter { owner, ..JobFilter::default() }, "jobs_owner (owner_id=?)"),
            (JobFilter { state, ..JobFilter::default() }, "jobs_state (state=?)"),
        ];
        for (filter, index) in lists {
            assert_eq!(plan(&db, select_page(&filter, 50)).await, format!("SEARCH jobs USING INDEX {index}"));
        }
        let active = plan(&db, select_active_of_server(ServerId(1))).await;
        assert_eq!(active, "SEARCH jobs USING INDEX jobs_active (server_id=?)");
    }
}
