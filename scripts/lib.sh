# shellcheck shell=bash
# What every script here shares: where things are, how to speak, how to install a Debian package.
# Sourced, never run. Nothing in it does work when it is sourced, apart from setting variables.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT

# Tools that are compiled for this project live outside the build directory, one directory for each version, so that a
# fresh clone, `make clean` or a CI machine that is used again finds them.
TOOLS=${L4D2_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/l4d2-panel/tools}
export TOOLS

# The SPA has a build directory of its own: it may be built by another compiler than the rest, and two compilers in one
# directory rebuild everything each time. It also lets both builds run at once.
WEB_TARGET=${L4D2_WEB_TARGET:-$ROOT/target-web}
export WEB_TARGET

TRUNK_VERSION=0.21.14
BINARYEN_VERSION=132.0.0
WASM_SPLIT_VERSION=0.2.4
NEXTEST_VERSION=0.9.143
DENY_VERSION=0.20.2
CARGO_DEB_VERSION=3.8.0
# What the machine that the tests boot is made of: a bare Debian, what the package depends on and recommends, so that it is
# installed without a network, and a proxy to put in front of it.
MACHINE_SUITE=bookworm
MACHINE_PACKAGES=systemd,systemd-sysv,dbus,ca-certificates,iproute2
MACHINE_PACKAGES+=,polkitd,libpam-systemd,libc6-i386,lib32gcc-s1,lib32stdc++6,nginx-light,openssl
# What the emulated one has besides: its kernel, and a way in.
EMULATED_PACKAGES=$MACHINE_PACKAGES,linux-image-cloud-amd64,initramfs-tools,kmod,udev,openssh-server

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
    printf '\033[31merror:\033[0m %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# The exact version that Cargo.lock holds of package $1.
locked_version() {
    awk -v want="name = \"$1\"" '$0 == want { getline; gsub(/version = |"/, ""); print; exit }' "$ROOT/Cargo.lock"
}

# Runs a command as root: directly, or through sudo; prints nothing and fails when neither is possible.
as_root() {
    if is_root; then
        "$@"
    elif have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo "$@"
    else
        return 1
    fi
}

# Installs the Debian packages named. Package lists are fetched once per run.
apt_install() {
    have apt-get || die "this needs the programs of the Debian packages $*; install your system's equivalents"
    say "installing Debian packages: $*"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    if [ -z "${L4D2_APT_UPDATED:-}" ]; then
        as_root "${apt[@]}" update >&2 ||
            die "can't install packages as $(id -un). As root: apt-get update && apt-get install -y --no-install-recommends $*"
        export L4D2_APT_UPDATED=1
    fi
    as_root "${apt[@]}" install -y --no-install-recommends "$@" >&2 ||
        die "apt-get could not install: $*"
}

# Puts the built tools on PATH, whichever of them are there.
use_tools() {
    local dir
    for dir in "$TOOLS/trunk-$TRUNK_VERSION/bin" \
        "$TOOLS/wasm-bindgen-cli-$(locked_version wasm-bindgen)/bin" \
        "$TOOLS/wasm_split_cli_support-$WASM_SPLIT_VERSION/bin" \
        "$TOOLS/binaryen-$BINARYEN_VERSION/node_modules/.bin" \
        "$TOOLS/cargo-nextest-$NEXTEST_VERSION/bin" \
        "$TOOLS/cargo-deny-$DENY_VERSION/bin" \
        "$TOOLS/cargo-deb-$CARGO_DEB_VERSION/bin"; do
        [ -d "$dir" ] && PATH=$dir:$PATH
    done
    export PATH
}

# prepare_nextest WORK STORE: puts into WORK what runs the tests that are built already where there is no cargo to ask:
# `cargo-nextest`, what it is to know of the packages and the programs, and a configuration that has its reports in STORE.
prepare_nextest() {
    cargo metadata --locked --format-version 1 >"$1/metadata.json"
    cargo nextest list --locked --cargo-quiet --list-type binaries-only --message-format json >"$1/binaries.json"
    cp "$(command -v cargo-nextest)" "$1/cargo-nextest"
    cat "$ROOT/.config/nextest.toml" - >"$1/nextest.toml" <<TOML
[store]
dir = "$2"
TOML
}

# Where the tests' browser is; empty when there is none.
find_chromium() {
    local name
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

# The newest PostgreSQL server's programs; Debian keeps them off PATH.
find_postgres() {
    local dir
    dir=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -x "$dir/initdb" ] && echo "$dir" && return 0
    have initdb && dirname "$(readlink -f "$(command -v initdb)")"
}

# Settings for a build of the SPA by the compiler that `scripts/setup wasm` chose.
use_wasm_toolchain() {
    export CARGO_TARGET_DIR=$WEB_TARGET
    # Leptos then makes one kind of view of every component and attribute instead of a type of its own for each: that is a
    # seventh of the download.
    export RUSTFLAGS="--cfg erase_components"
    local toolchain
    toolchain=$(cat "$TOOLS/wasm-toolchain")
    [ "$toolchain" = rustup ] && return 0
    [ "$toolchain" = debian ] && PATH=/usr/bin:$PATH
    # With its sources, the standard library is built for size and without the texts of panics, which nobody would read
    # in a browser (index.html says it in words): another fourteenth. Cargo calls both unstable.
    export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size
    export CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT=true CARGO_PROFILE_WASM_RELEASE_PANIC=immediate-abort
}

# Where cargo puts the native programs.
target_dir() { echo "${CARGO_TARGET_DIR:-$ROOT/target}"; }

# Where the root of the machine lies that the tests boot.
emulated_root() { echo "$TOOLS/emulated-$(echo "$MACHINE_SUITE $EMULATED_PACKAGES" | sha256sum | cut -c1-12)"; }
machine_root() { echo "$TOOLS/machine-$(echo "$MACHINE_SUITE $MACHINE_PACKAGES" | sha256sum | cut -c1-12)"; }

# A user without any privilege, for what must not or should not run as root.
ORDINARY_USER=l4d2-test

make_ordinary_user() {
    id "$ORDINARY_USER" >/dev/null 2>&1 ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$ORDINARY_USER"
}

# Fetches what a build of the SPA needs, since trunk is told to stay offline: so it takes the tools from PATH and downloads
# none. The second call adds what the standard library itself depends on, where it is built from source.
fetch_web_crates() {
    cargo fetch --quiet --locked
    cargo fetch --quiet --locked --target wasm32-unknown-unknown
}
