//! Whether systemd is there for the panel's games.

use std::thread;

use l4d2_host::HostError;
use l4d2_host::supervisor::systemd::{Obstacle, SystemdSupervisor};
use l4d2_host::supervisor::{ActualState, Start, Supervisor};
use rustix::process::Uid;
use tokio_util::sync::CancellationToken;

use super::{systemd, template_of};
use crate::bench::{Bench, unheard};

/// Somebody without any right.
const NOBODY: u32 = 65_534;

#[tokio::test]
async fn a_machine_without_the_template_is_not_for_this() {
    let bench = Bench::new(systemd);
    let config = &bench.world.config;
    assert_eq!(SystemdSupervisor::new(config, &template_of(config)).obstacle().await, None);
    let other = SystemdSupervisor::new(config, "l4d2-none@");
    let expected = Obstacle::NoTemplate { template: "l4d2-none@".to_owned() };
    assert_eq!(other.obstacle().await, Some(expected));
    let one = bench.instance("one", &[]).await;
    assert!(matches!(other.status(&one).await.unwrap().state, ActualState::Unknown { .. }));
    let started = other.start(&one, &unheard(), &CancellationToken::new()).await;
    assert!(matches!(started, Err(HostError::Supervisor(_))), "{started:?}");
}

#[tokio::test]
async fn who_may_not_manage_the_units_is_told_so_beforehand() {
    let bench = Bench::new(systemd);
    let config = bench.world.config.clone();
    let template = template_of(&config);
    let expected = Obstacle::NoRight { template: template.clone() };
    let asked = thread::spawn(move || {
        // The kernel keeps the user of each thread by itself.
        let nobody = Uid::from_raw(NOBODY);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(SystemdSupervisor::new(&config, &template).obstacle())
    });
    assert_eq!(asked.join().unwrap(), Some(expected));
}
