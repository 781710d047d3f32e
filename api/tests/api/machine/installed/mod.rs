//! What an installed package does while it runs.

mod backup;
mod crashes;
mod fence;
mod files;
mod hang;
mod limits;
mod main_job;
mod proxy;
mod restarts;
mod rights;
mod sandbox;
mod upgrade;
mod viewers;
