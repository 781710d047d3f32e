//! The specification's rules, by examples, by properties, and against a real shell.

use std::fs;
use std::process::Command;

use insta::{assert_snapshot, assert_yaml_snapshot};
use l4d2_host::InstanceName;
use l4d2_host::instance::generate;
use l4d2_host::spec::{
    ArgumentError, ConfigLineError, SpecError, Specification, check_argument, check_config_line, split_arguments,
};
use proptest::prelude::*;

const RESERVED: [&str; 13] = [
    "-game",
    "-port",
    "+hostport",
    "-ip",
    "-console",
    "-norestart",
    "-autoupdate",
    "-steam_dir",
    "-steamcmd_script",
    "-pidfile",
    "-debug",
    "-condebug",
    "+servercfgfile",
];

pub(crate) fn specification(name: &str) -> Specification {
    Specification {
        version: 1,
        name: InstanceName::parse(name).unwrap(),
        port: 27015,
        overlays: vec!["maps/dead center".to_owned(), "plugins".to_owned()],
        arguments: vec!["+map c1m1_hotel".to_owned(), "-tickrate 60".to_owned(), "'+sv_search_key' abc".to_owned()],
        config: vec!["hostname \"The \\\"best\\\" server\"".to_owned(), "yes".to_owned(), "sv_cheats 0".to_owned()],
    }
}

#[test]
fn the_yaml_is_stable() {
    let specification = specification("hotel-1");
    assert_snapshot!(specification.to_yaml().unwrap());
    assert_eq!(Specification::from_yaml(&specification.to_yaml().unwrap()).unwrap(), specification);
}

#[test]
fn the_digest_is_of_the_canonical_yaml() {
    let specification = specification("hotel-1");
    // As `sha256sum` says of the snapshot's text.
    assert_snapshot!(specification.digest().unwrap());
    let other = Specification { port: 27016, ..specification.clone() };
    assert_ne!(other.digest().unwrap(), specification.digest().unwrap());
}

#[test]
fn generated_files_and_command_line_are_stable() {
    let plan = generate(&specification("hotel-1")).unwrap();
    assert_snapshot!(plan.files[0].contents);
    assert_eq!(plan.files[0].path, "left4dead2/cfg/server.cfg");
    assert_yaml_snapshot!(plan.command);
    assert_snapshot!(plan.command_preview());
}

#[test]
fn a_server_without_a_map_gets_one() {
    let mut specification = specification("hotel-1");
    specification.arguments = vec!["-tickrate 60".to_owned()];
    assert!(generate(&specification).unwrap().command.ends_with(&["+map".to_owned(), "c1m1_hotel".to_owned()]));
    specification.arguments = vec!["'+MAP c2m1_highway'".to_owned()];
    assert!(generate(&specification).unwrap().command.ends_with(&["+MAP c2m1_highway".to_owned()]));
}

#[test]
fn broken_specifications_are_named() {
    let fault = |change: fn(&mut Specification)| {
        let mut specification = specification("hotel-1");
        change(&mut specification);
        let yaml = specification.to_yaml().unwrap();
        Specification::from_yaml(&yaml).unwrap_err().to_string()
    };
    let faults = [
        fault(|s| s.version = 2),
        fault(|s| s.port = 80),
        fault(|s| s.overlays.push("plugins".to_owned())),
        fault(|s| s.overlays.push(String::new())),
        fault(|s| s.overlays.push("/etc".to_owned())),
        fault(|s| s.overlays.push("a\nb".to_owned())),
        fault(|s| s.overlays.push("x".repeat(513))),
        fault(|s| s.overlays = (0..65).map(|n| n.to_string()).collect()),
        fault(|s| s.arguments.push("+map x -PORT 1".to_owned())),
        fault(|s| s.arguments = vec![String::new(); 129]),
        fault(|s| s.config.push("say\nquit".to_owned())),
        fault(|s| s.config.push("hostname Käse".to_owned())),
        fault(|s| s.config = vec![String::new(); 1025]),
    ];
    assert_yaml_snapshot!(faults);
}

#[test]
fn unknown_fields_names_and_missing_fields_are_refused() {
    let good = specification("hotel-1").to_yaml().unwrap();
    for bad in [
        format!("{good}surprise: 1\n"),
        good.replace("hotel-1", "../etc"),
        good.replace("27015", "70000"),
        good.replace("port: 27015\n", ""),
    ] {
        assert!(matches!(Specification::from_yaml(&bad), Err(SpecError::Syntax(_))), "{bad}");
    }
}

#[test]
fn entries_split_like_a_shell_word_list() {
    let split = |entry| split_arguments(entry).unwrap();
    assert_eq!(split("+map c1m1_hotel"), ["+map", "c1m1_hotel"]);
    assert_eq!(split("  +hostname  'a  b'\t\"c \\\" d\" e\\ f "), ["+hostname", "a  b", "c \" d", "e f"]);
    assert_eq!(split("$HOME `id` $(id) ~ {a,b} > x; y"), ["$HOME", "`id`", "$(id)", "~", "{a,b}", ">", "x;", "y"]);
    assert_eq!(split("+hostname #1 'of #2'"), ["+hostname", "#1", "of #2"]);
    assert_eq!(split(""), [""; 0]);
}

#[test]
fn harmless_arguments_pass() {
    for entry in [
        "+map c1m1_hotel",
        "+exec my.cfg",
        "+rcon_password secret",
        "-tickrate 100",
        "+hostname '[EU] The best? server'",
        "+sv_region 3 -insecure +portal 1",
        "+ipx",
        "port",
    ] {
        assert_eq!(check_argument(entry), Ok(()), "{entry}");
    }
}

#[test]
fn other_programs_files_and_patterns_are_refused() {
    use ArgumentError::{ControlCharacter, LiteralQuote, Pattern, Reserved, ResponseFile, TooLong, Unbalanced};
    let fault = |entry: &str| check_argument(entry).unwrap_err();
    assert_eq!(fault("-binary /bin/sh"), Reserved("-binary".to_owned()));
    assert_eq!(fault("@cfg/more.txt"), ResponseFile("@cfg/more.txt".to_owned()));
    assert_eq!(fault("-po?t 1"), Pattern("-po?t".to_owned()));
    assert_eq!(fault("'[!a]port' 1"), Pattern("[!a]port".to_owned()));
    assert_eq!(fault("+echo *"), Pattern("*".to_owned()));
    assert_eq!(fault("'\\-*'"), Pattern("\\-*".to_owned()));
    assert_eq!(fault("'\\-port' 1"), Pattern("\\-port".to_owned()));
    assert_eq!(fault("'\"-port\" 1'"), LiteralQuote);
    assert_eq!(fault("+map x\n-port 1"), ControlCharacter);
    assert_eq!(fault("a\0b"), ControlCharacter);
    assert_eq!(fault("'open"), Unbalanced);
    assert_eq!(fault(&"x".repeat(1025)), TooLong);
}

#[test]
fn config_lines_are_one_line_of_ascii() {
    assert_eq!(check_config_line("sv_cheats 1; exec \"x\"\t// why"), Ok(()));
    assert_eq!(check_config_line("a\rb"), Err(ConfigLineError::ControlCharacter));
    assert_eq!(check_config_line("a\nb"), Err(ConfigLineError::ControlCharacter));
    assert_eq!(check_config_line("a\0b"), Err(ConfigLineError::ControlCharacter));
    assert_eq!(check_config_line("caf\u{e9}"), Err(ConfigLineError::NotAscii('\u{e9}')));
    assert_eq!(check_config_line("a\u{2028}b"), Err(ConfigLineError::NotAscii('\u{2028}')));
    assert_eq!(check_config_line(&"x".repeat(1024)), Ok(()));
    assert_eq!(check_config_line(&"x".repeat(1025)), Err(ConfigLineError::TooLong));
}

/// A reserved argument in any letter case.
fn reserved() -> impl Strategy<Value = String> {
    (prop::sample::select(RESERVED.to_vec()), any::<u32>(), prop::sample::select(vec!['-', '+'])).prop_map(
        |(name, cases, sign)| {
            let letter = |(index, c): (usize, char)| if cases >> index & 1 == 1 { c.to_ascii_uppercase() } else { c };
            let name: String = name[1..].chars().enumerate().map(letter).collect();
            format!("{sign}{name}")
        },
    )
}

/// Ways to write a word so that something on the way to the engine still sees it.
fn wrapped() -> impl Strategy<Value = String> {
    (reserved(), 0..7_usize).prop_map(|(word, way)| match way {
        0 => word,
        1 => format!("+map x {word} 1"),
        2 => format!("'+map x {word} 1'"),
        3 => format!("\"a\t{word}\""),
        4 => word.chars().flat_map(|c| ['\\', c]).collect(),
        5 => word.chars().flat_map(|c| ['\'', c, '\'', '"', '"']).collect(),
        _ => format!("'\"{word}\" 1'"),
    })
}

/// Entries that come close to what is refused.
fn sly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        reserved(),
        Just(" ".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        "[-+*?\\[\\]!@#$`\\\\a-z \t]{1,4}",
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn quoted_words_come_back(words in prop::collection::vec("[^\\p{Cc}]{0,12}", 0..6)) {
        let entry = shlex::try_join(words.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(split_arguments(&entry).unwrap(), words);
    }

    #[test]
    fn splitting_never_panics(entry in any::<String>()) {
        let _ = check_argument(&entry);
    }

    #[test]
    fn reserved_arguments_are_refused_however_they_are_wrapped(entry in wrapped()) {
        prop_assert!(check_argument(&entry).is_err(), "{} was let through", entry);
    }

    #[test]
    fn any_specification_survives_its_yaml(
        port in 1024_u16..,
        arguments in prop::collection::vec("[a-zA-Z0-9 :#,.{}&|>%!~-]{0,20}", 0..5),
        config in prop::collection::vec("[\\x20-\\x7e]{0,40}", 0..5),
    ) {
        let mut specification = specification("hotel-1");
        (specification.port, specification.arguments, specification.config) = (port, arguments, config);
        prop_assume!(specification.validate().is_ok());
        let yaml = specification.to_yaml().unwrap();
        prop_assert_eq!(Specification::from_yaml(&yaml).unwrap(), specification);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    /// What `srcds_run` does with its arguments, by a real shell, in a directory with files named like options.
    #[test]
    fn no_reserved_argument_comes_out_of_the_start_script(entry in sly()) {
        prop_assume!(check_argument(&entry).is_ok());
        let words = split_arguments(&entry).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for name in RESERVED {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let script = "PARAMS=$*; for word in $PARAMS; do printf '%s\\n' \"$word\"; done";
        let output = Command::new("sh").args(["-c", script, "srcds_run"]).args(&words).current_dir(&directory).output().unwrap();
        for word in String::from_utf8(output.stdout).unwrap().lines() {
            let name = word.trim_matches('"').to_ascii_lowercase();
            prop_assert!(!RESERVED.contains(&name.as_str()), "{:?} became {:?}", entry, word);
        }
    }
}
