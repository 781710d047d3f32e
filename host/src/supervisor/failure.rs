//! Why a start failed, in the words that both supervisors use.

use std::time::Duration;

use crate::error::HostError;
use crate::launcher::FailureKind;

/// The launcher watches the time itself and can say more; whoever waits for it waits so much longer, for a launcher that does
/// not, or that itself is late, as on a machine with far too much to do.
pub(super) const MARGIN: Duration = Duration::from_secs(10);
/// How the step is called when it takes too long.
const STEP: &str = "waiting until the game has bound its port";

/// The launcher did not say in time how it went.
pub(super) fn too_late(limit: Duration) -> HostError {
    HostError::TimedOut { step: STEP, limit_seconds: limit.as_secs() }
}

/// What a failed launch is to whoever asked for it.
pub(super) fn explain(kind: Option<FailureKind>, message: String, exit_code: Option<i32>) -> HostError {
    match kind {
        Some(FailureKind::Overlay) => HostError::Overlay(message),
        Some(FailureKind::Specification) => HostError::InvalidSpec(message),
        // The launcher ended the game.
        Some(FailureKind::NoPort) => HostError::Step { message, exit_code: None },
        _ => HostError::Step { message, exit_code },
    }
}
