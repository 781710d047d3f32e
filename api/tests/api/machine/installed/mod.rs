//! What an installed package does while it runs.

mod files;
mod hang;
mod main_job;
mod proxy;
mod rights;
mod sandbox;
mod upgrade;
