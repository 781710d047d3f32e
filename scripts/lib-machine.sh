# shellcheck shell=bash
# A Debian 12 with systemd to run tests in: boot, run commands as root, reboot, end. Sourced behind lib.sh.
#
# Its disk lies in memory, over a root that is made once and kept beside the built tools; nothing that happens in it
# outlives `machine_end`, but everything outlives a reboot. The repository and the build directory are there under their own
# paths, read-only; a directory WORK of the environment too, writable. It has no network but its own loopback.

machine_work=
machine_nspawn=
machine_leader=

# Makes the machine's disk and boots it.
machine_begin() {
    is_root || die "only root can boot a machine: run this as root, or leave out the step 'booted'"
    "$ROOT/scripts/setup" machine
    machine_work=$(mktemp -d "${TMPDIR:-/tmp}/l4d2-machine.XXXXXX")
    mkdir "$machine_work/disk" "$machine_work/root"
    mount -t tmpfs -o mode=755 l4d2-machine "$machine_work/disk"
    mkdir "$machine_work/disk/upper" "$machine_work/disk/work" "$machine_work/disk/opt"
    mount -t overlay -o "lowerdir=$(machine_root),upperdir=$machine_work/disk/upper,workdir=$machine_work/disk/work" \
        l4d2-machine "$machine_work/root"
    machine_boot
}

machine_boot() {
    # /opt is no overlay: games mount one of their own there, and overlays take none for their upper layer.
    local binds=("--bind=$machine_work/disk/opt:/opt" "--bind-ro=$ROOT" "--bind-ro=$(target_dir)")
    [ -z "${WORK:-}" ] || binds+=("--bind=$WORK")
    # The system calls are those of a real machine as far as a game is fenced in by them. Without the second setting the
    # kernel files that nspawn covers would keep a game from mounting a /proc of its own.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 setsid systemd-nspawn --quiet \
        --directory="$machine_work/root" --boot --register=no --keep-unit --console=pipe --capability=all --private-network \
        --machine="l4d2-$$" --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self @mount" \
        "${binds[@]}" </dev/null >"$machine_work/console" 2>&1 &
    machine_nspawn=$!
    local state=$machine_work/state
    rm -f "$state"
    for _ in $(seq 300); do
        kill -0 "$machine_nspawn" 2>/dev/null || die "the machine did not boot: $(tail -n 20 "$machine_work/console")"
        # Its first process, once there is one.
        machine_leader=$(cat "/proc/$machine_nspawn/task/$machine_nspawn/children")
        machine_leader=${machine_leader%% *}
        # Before it there is a helper, which still sees this machine's own systemd, if it has one.
        if [ -z "$machine_leader" ] ||
            [ "$(readlink "/proc/$machine_leader/ns/pid")" = "$(readlink /proc/self/ns/pid)" ]; then
            sleep 0.1
            continue
        fi
        if machine_inside systemctl is-system-running --wait >"$state" 2>&1; then return; fi
        if grep -q degraded "$state" 2>/dev/null; then
            die "the machine came up broken: $(machine_inside systemctl --failed --no-pager)"
        fi
        sleep 0.1
    done
    die "the machine did not boot in time: $(tail -n 20 "$machine_work/console")"
}

machine_inside() { nsenter --target "$machine_leader" --all -- "$@"; }

# Runs a command in the machine, with an environment of a machine's own.
machine_run() {
    machine_inside env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        ${WORK:+WORK="$WORK"} "$@"
}

# Shuts the machine down in good order and boots it again from the same disk.
machine_reboot() {
    machine_inside systemctl --no-block reboot
    # A status of its own says that a reboot was asked for.
    local status=0
    wait "$machine_nspawn" || status=$?
    [ "$status" = 133 ] || die "the machine ended with status $status instead of rebooting"
    machine_boot
}

# What the machine's journal says, for people who look for the reason of a failure.
machine_journal() {
    say "the machine's journal"
    machine_inside journalctl --no-pager --lines="${1:-400}" >&2 || true
}

machine_end() {
    [ -n "$machine_work" ] || return 0
    if [ -n "$machine_nspawn" ] && kill -TERM "$machine_nspawn" 2>/dev/null; then
        # It asks the machine to shut down. What hangs is cut off.
        for _ in $(seq 100); do
            kill -0 "$machine_nspawn" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$machine_nspawn" 2>/dev/null || true
        wait "$machine_nspawn" 2>/dev/null || true
    fi
    local part
    for part in root disk; do
        if mountpoint --quiet "$machine_work/$part"; then umount --recursive "$machine_work/$part" || return; fi
    done
    rm -rf "$machine_work"
}

if [ "${MACHINE:-container}" = emulated ]; then
    # shellcheck source=scripts/lib-emulated.sh
    source "$ROOT/scripts/lib-emulated.sh"
fi
