//! The machine as admins see it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use l4d2_contract::{DoctorCheck, DoctorStatus, HostInfo, HostSupervisor, InstallationInfo};
use l4d2_host::Host;
use l4d2_host::doctor::{Check, CheckStatus};
use tokio::sync::Mutex;

use crate::app::AppState;
use crate::clock;
use crate::domain::strangers;
use crate::error::{ApiError, ApiResult};

/// How old the doctor's checks may be: they try things out, which takes a moment and some work.
const CHECKS_LAST: Duration = Duration::from_secs(10);

/// The doctor's last checks; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Doctor {
    /// Held while the checks are made, so that of many who ask at once the others wait for the first.
    last: Arc<Mutex<Option<Visit>>>,
}

#[derive(Debug)]
struct Visit {
    made: Instant,
    checks: Vec<DoctorCheck>,
}

impl Doctor {
    async fn checks(&self, look: impl Future<Output = Vec<DoctorCheck>>) -> Vec<DoctorCheck> {
        let mut last = self.last.lock().await;
        if let Some(visit) = last.as_ref().filter(|visit| visit.made.elapsed() < CHECKS_LAST) {
            return visit.checks.clone();
        }
        let checks = look.await;
        *last = Some(Visit { made: Instant::now(), checks: checks.clone() });
        checks
    }
}

/// Supervisor, installation, disk and checks.
pub async fn info(state: &AppState) -> ApiResult<HostInfo> {
    let host = &state.host;
    let disk = host.disk().map_err(ApiError::internal)?;
    Ok(HostInfo {
        supervisor: if host.supervisor_kind() == "systemd" {
            HostSupervisor::Systemd
        } else {
            HostSupervisor::Embedded
        },
        installation: installation(host).await,
        disk_total_bytes: disk.total_bytes,
        disk_free_bytes: disk.free_bytes,
        checks: state.doctor.checks(examine(state)).await,
    })
}

/// The host's own checks, and the one for which it takes what the panel knows.
async fn examine(state: &AppState) -> Vec<DoctorCheck> {
    let mut checks: Vec<DoctorCheck> = state.host.doctor().await.into_iter().map(check).collect();
    checks.push(strangers::check(state).await);
    checks
}

async fn installation(host: &Host) -> InstallationInfo {
    let found = host.installation().await;
    InstallationInfo {
        present: found.is_some(),
        version: found.as_ref().and_then(|found| found.version.clone()),
        build_id: found.as_ref().and_then(|found| found.build_id.clone()),
        size_bytes: found.as_ref().and_then(|found| found.size_bytes),
        updated_at: found.and_then(|found| found.updated_at).map(|time| clock::timestamp(clock::millis(time))),
    }
}

fn check(check: Check) -> DoctorCheck {
    DoctorCheck {
        id: check.id.to_owned(),
        status: match check.status {
            CheckStatus::Ok => DoctorStatus::Ok,
            CheckStatus::Warning => DoctorStatus::Warning,
            CheckStatus::Failed => DoctorStatus::Failed,
        },
        message: check.message,
        remedy: check.remedy,
        remedy_is_command: check.remedy_is_command,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn of_many_who_ask_one_looks() {
        let doctor = Doctor::default();
        let looks = AtomicUsize::new(0);
        let ask = || {
            doctor.checks(async {
                looks.fetch_add(1, Ordering::Relaxed);
                // Lets the others come before this look is over.
                tokio::task::yield_now().await;
                let found = Check {
                    id: "overlayfs",
                    status: CheckStatus::Warning,
                    message: "slow".to_owned(),
                    remedy: "wait".to_owned(),
                    remedy_is_command: false,
                };
                vec![check(found)]
            })
        };
        let answers = futures::future::join_all((0..20).map(|_| ask())).await;
        assert_eq!(looks.load(Ordering::Relaxed), 1);
        assert!(answers.iter().all(|checks| checks.len() == 1 && checks[0].status == DoctorStatus::Warning));
    }
}
