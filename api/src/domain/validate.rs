//! Rules for what comes from outside. All wrong fields are told at once; what runs on the host is held to the host's
//! own rules, so that nothing is stored that a start would refuse.

use std::collections::HashSet;
use std::fmt::Display;

use l4d2_contract::rules::{self, Fault};
use l4d2_contract::{FieldError, OverlayId};
use l4d2_host::InstanceName;
use l4d2_host::launcher::MAX_LINE_BYTES;
use l4d2_host::spec::{
    MAX_ARGUMENTS, MAX_CONFIG_LINES, MAX_OVERLAY_CHARS, MAX_OVERLAYS, MIN_PORT, check_argument, check_config_line,
};

use crate::error::{ApiError, ApiResult};

// The host holds the same limits where it uses these; the contract depends on nothing that could tell it.
const _: () = assert!(*rules::OVERLAY_PATH_CHARS.end() == MAX_OVERLAY_CHARS);
const _: () = assert!(rules::COMMAND_BYTES == MAX_LINE_BYTES);
const _: () = assert!(*rules::PORTS.start() == MIN_PORT);

/// Collects what is wrong with a request.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, field: impl Into<String>, message: impl Display) {
        self.0.push(FieldError { field: field.into(), message: message.to_string() });
    }

    /// How many were noted so far.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Fails if anything was noted.
    pub fn finish(self) -> ApiResult<()> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0)) }
    }

    /// Notes what a rule of the contract says of a field.
    pub fn check(&mut self, field: &str, verdict: Result<(), Fault>) {
        if let Err(message) = verdict {
            self.add(field, message);
        }
    }

    /// The name of an overlay, a blueprint or an API token.
    pub fn check_name(&mut self, name: &str) {
        self.check("name", rules::check_name(name));
    }

    /// An overlay's path, by its form alone; where it leads is the host's to say.
    pub fn check_overlay_path(&mut self, path: &str) {
        self.check("path", rules::check_overlay_path(path));
    }

    /// A blueprint's launch arguments.
    pub fn check_arguments(&mut self, arguments: &[String]) {
        if self.check_count("arguments", arguments.len(), MAX_ARGUMENTS) {
            self.check_each("arguments", arguments, check_argument);
        }
    }

    /// A blueprint's lines of server.cfg.
    pub fn check_config(&mut self, config: &[String]) {
        if self.check_count("config", config.len(), MAX_CONFIG_LINES) {
            self.check_each("config", config, check_config_line);
        }
    }

    /// A blueprint's overlays: none twice, all in the catalog.
    pub fn check_overlays(&mut self, ids: &[OverlayId], catalog: &HashSet<i64>) {
        let mut seen = HashSet::new();
        for (index, id) in ids.iter().enumerate() {
            if !seen.insert(id) {
                self.add(format!("overlay_ids[{index}]"), format_args!("overlay {id} is there twice"));
            } else if !catalog.contains(&id.0) {
                self.add(format!("overlay_ids[{index}]"), format_args!("there is no overlay {id}"));
            }
        }
    }

    /// How many overlays a blueprint has; for before the catalog is asked about them.
    pub fn check_overlay_count(&mut self, ids: &[OverlayId]) -> bool {
        self.check_count("overlay_ids", ids.len(), MAX_OVERLAYS)
    }

    /// A server's name.
    pub fn check_server_name(&mut self, name: &str) {
        if let Err(error) = InstanceName::parse(name) {
            self.add("name", error);
        }
    }

    /// A server's port.
    pub fn check_port(&mut self, port: u16) {
        if port < MIN_PORT {
            self.add("port", format_args!("must be between {MIN_PORT} and {}", u16::MAX));
        }
    }

    /// A line for a game's console.
    pub fn check_console_command(&mut self, command: &str) {
        self.check("command", rules::check_console_command(command));
    }

    fn check_count(&mut self, field: &str, count: usize, limit: usize) -> bool {
        if count > limit {
            self.add(field, format_args!("has {count} entries, more than {limit}"));
        }
        count <= limit
    }

    fn check_each<E: Display>(&mut self, field: &str, entries: &[String], check: impl Fn(&str) -> Result<(), E>) {
        for (index, entry) in entries.iter().enumerate() {
            if let Err(error) = check(entry) {
                self.add(format!("{field}[{index}]"), error);
            }
        }
    }
}

/// Most items on a page, and how many there are unless the caller says otherwise.
const PAGE_LIMIT: u64 = 200;
const PAGE_DEFAULT: u64 = 50;

/// How many items a page may have.
pub fn page_limit(wanted: Option<u64>) -> ApiResult<u64> {
    match wanted.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_LIMIT => Ok(limit),
        _ => Err(ApiError::field("limit", format!("must be between 1 and {PAGE_LIMIT}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields that `check` complains about.
    fn faults(check: impl FnOnce(&mut Faults)) -> Vec<String> {
        let mut faults = Faults::default();
        check(&mut faults);
        faults.0.into_iter().map(|fault| fault.field).collect()
    }

    fn strings<const N: usize>(entries: [&str; N]) -> Vec<String> {
        entries.map(str::to_owned).into()
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let found = faults(|faults| {
            faults.check_name("");
            faults.check_arguments(&strings(["+map c1m1_hotel", "-port 27016", "\"open"]));
            faults.check_config(&strings(["sv_cheats 0", "one\ntwo", "hostname \"\u{e4}\""]));
            faults.check_overlays(&[OverlayId(1), OverlayId(2), OverlayId(1)], &HashSet::from([1]));
        });
        let expected =
            ["name", "arguments[1]", "arguments[2]", "config[1]", "config[2]", "overlay_ids[1]", "overlay_ids[2]"];
        assert_eq!(found, expected);
    }

    #[test]
    fn limits_hold_at_their_edges() {
        type Check = fn(&mut Faults, usize);
        let limits: [(usize, Check); 7] = [
            (128, |faults, n| faults.check_name(&"\u{e4}".repeat(n))),
            (512, |faults, n| faults.check_overlay_path(&"a".repeat(n))),
            (128, |faults, n| faults.check_arguments(&vec![String::new(); n])),
            (1024, |faults, n| faults.check_config(&vec![String::new(); n])),
            (1024, |faults, n| faults.check_config(&["a".repeat(n)])),
            (63, |faults, n| faults.check_server_name(&"a".repeat(n))),
            (1024, |faults, n| faults.check_console_command(&"a".repeat(n))),
        ];
        for (index, (limit, check)) in limits.into_iter().enumerate() {
            assert_eq!(faults(|faults| check(faults, limit)).len(), 0, "limit {index}");
            assert_eq!(faults(|faults| check(faults, limit + 1)).len(), 1, "limit {index}");
        }
        let overlays = |count| (1..=count).map(OverlayId).collect::<Vec<_>>();
        assert!(faults(|faults| assert!(faults.check_overlay_count(&overlays(64)))).is_empty());
        assert_eq!(faults(|faults| assert!(!faults.check_overlay_count(&overlays(65)))), ["overlay_ids"]);
        assert!(faults(|faults| faults.check_port(1024)).is_empty());
        assert_eq!(faults(|faults| faults.check_port(1023)), ["port"]);
    }
}
