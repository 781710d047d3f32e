# shellcheck shell=bash
# The machine of lib-machine.sh once more, emulated: Debian 12's own kernel, which is older than most that tests are run on,
# and control groups that are the machine's own. Nothing of it depends on the kernel or the rights of the machine around
# it, but it is some ten times slower. Sourced by lib-machine.sh where MACHINE=emulated, behind its own functions.

machine_qemu=
machine_port=
machine_shares=()

machine_begin() {
    is_root || die "only root can hand the repository to an emulated machine: leave out the step 'kernel'"
    "$ROOT/scripts/setup" emulated
    machine_work=$(mktemp -d "${TMPDIR:-/tmp}/l4d2-machine.XXXXXX")
    machine_start_shares
    machine_start_qemu
    machine_await_boot ""
    machine_mount_shares
}

# What is there under its own path: the repository, the build directory, the directory WORK.
machine_start_shares() {
    local path socket tag=0
    for path in "$ROOT" "$(target_dir)" ${WORK:+"$WORK"}; do
        socket=$machine_work/share$tag
        /usr/lib/qemu/virtiofsd --socket-path="$socket" -o source="$path" -o sandbox=chroot \
            >>"$machine_work/shares.log" 2>&1 &
        machine_shares+=($!)
        until [ -S "$socket" ]; do
            kill -0 $! 2>/dev/null || die "sharing $path failed: $(tail -n 5 "$machine_work/shares.log")"
            sleep 0.1
        done
        tag=$((tag + 1))
    done
}

machine_start_qemu() {
    local root share devices=() try
    root=$(emulated_root)
    for share in "$machine_work"/share[0-9]; do
        devices+=(-chardev "socket,id=c${share##*share},path=$share")
        devices+=(-device "vhost-user-fs-pci,chardev=c${share##*share},tag=share${share##*share}")
    done
    for try in $(seq 20); do
        # It gives up at once where somebody has the port.
        machine_port=$((20000 + RANDOM % 10000))
        TMPDIR=$machine_work setsid qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 \
            -m 4G -object memory-backend-memfd,id=memory,size=4G,share=on -machine memory-backend=memory \
            -kernel "$root/vmlinuz" -initrd "$root/initrd" -append "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off" \
            -drive "file=$root/disk,if=virtio,format=raw,snapshot=on" "${devices[@]}" \
            -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$machine_port-:22" -device virtio-net-pci,netdev=net \
            -device virtio-rng-pci -nographic </dev/null >"$machine_work/console" 2>&1 &
        machine_qemu=$!
        sleep 2
        kill -0 "$machine_qemu" 2>/dev/null && return
        grep -q "Could not set up host forwarding" "$machine_work/console" ||
            die "the machine did not start: $(tail -n 20 "$machine_work/console")"
    done
    die "no free port after $try tries"
}

# Every call is a connection of its own, and a busy machine takes its time to answer one.
machine_ssh() {
    ssh -i "$(emulated_root)/key" -p "$machine_port" -o BatchMode=yes -o "ConnectTimeout=${machine_patience:-60}" -o LogLevel=ERROR \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 "$@"
}

# Waits for a boot that is not the one named.
machine_await_boot() {
    local before=$1 boot state
    for _ in $(seq 300); do
        kill -0 "$machine_qemu" 2>/dev/null || die "the machine ended: $(tail -n 20 "$machine_work/console")"
        boot=$(machine_patience=5 machine_ssh -n cat /proc/sys/kernel/random/boot_id 2>/dev/null) || boot=
        if [ -n "$boot" ] && [ "$boot" != "$before" ]; then
            state=$(machine_ssh -n systemctl is-system-running --wait) || true
            [ "$state" = running ] && return
            die "the machine came up $state: $(machine_ssh systemctl --failed --no-pager)"
        fi
        sleep 1
    done
    die "the machine did not boot in time: $(tail -n 20 "$machine_work/console")"
}

machine_mount_shares() {
    local path tag=0 options=ro
    for path in "$ROOT" "$(target_dir)" ${WORK:+"$WORK"}; do
        [ "$path" != "${WORK:-}" ] || options=rw
        machine_inside sh -euc 'mkdir -p "$1" && mount -t virtiofs -o "$3" "share$2" "$1"' sh "$path" "$tag" "$options"
        tag=$((tag + 1))
    done
}

machine_inside() { machine_ssh "$(printf '%q ' "$@")"; }

machine_reboot() {
    local before
    before=$(machine_ssh cat /proc/sys/kernel/random/boot_id)
    machine_inside systemctl --no-block reboot
    machine_await_boot "$before"
    machine_mount_shares
}

machine_end() {
    [ -n "$machine_work" ] || return 0
    local pid
    # Its disk's changes are thrown away: nothing needs to be shut down in good order.
    for pid in $machine_qemu "${machine_shares[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$machine_work"
}
