//! What every supervisor promises, as a suite over whatever backend it is given. [`suite!`] makes a test of each case.

mod failures;
mod fence;
mod lifecycle;
mod logs;
mod overlays;

pub(crate) use failures::*;
pub(crate) use fence::*;
pub(crate) use lifecycle::*;
pub(crate) use logs::*;
pub(crate) use overlays::*;

/// Makes the tests of a backend: every case there is, so that none can be left out for one of them.
macro_rules! suite {
    ($make:expr) => {
        crate::supervisor_contract::suite!(
            $make,
            start_and_stop_do_what_they_say_once,
            what_does_not_exist_is_said_so,
            the_console_takes_single_lines_of_a_running_game,
            a_stop_goes_through_the_console_first,
            a_stop_goes_on_to_sigterm,
            a_stop_ends_in_sigkill_for_all_processes,
            what_a_game_leaves_behind_ends_with_it,
            a_crash_is_told_and_the_game_started_again,
            the_sixth_crash_in_a_minute_is_the_last,
            an_end_in_the_boot_behind_a_crash_is_a_crash_too,
            a_restart_that_can_not_work_is_the_last,
            a_games_own_status_is_never_taken_for_the_launchers_word,
            a_game_that_dies_at_once_fails_the_start_and_leaves_nothing,
            a_taken_port_is_named_and_nothing_runs,
            a_port_lost_during_the_boot_is_noticed,
            a_game_that_never_binds_runs_into_the_limit,
            a_game_that_went_to_another_port_is_told_with_that_port,
            a_start_that_can_not_be_set_up_is_failed_until_the_next_start_or_stop,
            a_launcher_killed_in_a_start_fails_it_and_is_not_started_again,
            a_cancelled_start_leaves_nothing,
            a_stop_ends_a_start,
            a_restarted_panel_finds_the_game_as_it_was,
            cursors_resume_everywhere_across_restarts_of_the_game,
            followers_end_when_the_instance_is_forgotten,
            followers_in_another_program_end_when_the_instance_is_deleted,
            every_line_is_one_however_it_ends,
            a_log_is_found_whatever_the_clock_said_of_its_instance,
            following_without_earlier_lines_begins_now,
            the_newest_of_many_lines_are_the_last_ones,
            floods_long_lines_and_strange_bytes_are_kept_by_the_rules,
            a_game_has_no_way_to_the_panel,
            a_games_environment_says_nothing_of_the_panels,
            overlays_lie_over_the_installation_in_their_order,
            as_many_overlays_as_allowed_with_long_paths,
            an_overlay_that_leads_out_is_refused_at_the_start,
            a_link_inside_an_overlay_opens_nothing,
            a_killed_launcher_is_a_crash_and_takes_the_game_along,
            a_quick_game_is_seen_quickly,
        );
    };
    ($make:expr, $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                crate::supervisor_contract::$case($make).await;
            }
        )+
    };
}
pub(crate) use suite;
