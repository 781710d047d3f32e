//! Why a start failed, in the words that both supervisors use.

use std::time::Duration;

use crate::error::HostError;
use crate::launcher::FailureKind;

/// How the step is called when it takes too long.
const STEP: &str = "waiting until the game has bound its port";

/// The game did not bind its port in time.
pub(super) fn too_late(limit: Duration) -> HostError {
    HostError::TimedOut { step: STEP, limit_seconds: limit.as_secs() }
}

/// What a failed launch is to whoever asked for it.
pub(super) fn explain(
    kind: Option<FailureKind>,
    message: String,
    exit_code: Option<i32>,
    start_limit: Duration,
) -> HostError {
    match kind {
        Some(FailureKind::NoPort) => too_late(start_limit),
        Some(FailureKind::Overlay) => HostError::Overlay(message),
        Some(FailureKind::Specification) => HostError::InvalidSpec(message),
        _ => HostError::Step { message, exit_code },
    }
}
