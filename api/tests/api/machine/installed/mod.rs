//! What an installed package does while it runs.

mod address;
mod backup;
mod command_line;
mod crashes;
mod disks;
mod faults;
mod fence;
mod files;
mod hang;
mod limits;
mod main_job;
mod proxy;
mod reinstall;
mod restarts;
mod rights;
mod sandbox;
mod upgrade;
mod viewers;
