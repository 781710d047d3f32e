//! What a game sees and reaches.

use crate::bench::{Bench, LADDER, MakeBackend, panel_secret};

pub(crate) async fn a_game_has_no_way_to_the_panel(make: MakeBackend) {
    let bench = Bench::new(make);
    let secret = panel_secret(&bench);
    let other = bench.instance("other", &[]).await;
    bench.started(&other).await;
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let own = std::process::id();
    let instance = bench.layout().instance(&one);
    let forbidden = [
        format!("standin_read {}", secret.display()),
        format!("standin_list {}", bench.world.path().display()),
        format!("standin_read {}", instance.spec().display()),
        format!("standin_write {}/x evil", instance.dir().display()),
        format!("standin_connect {}", instance.console_socket().display()),
        format!("standin_connect {}", instance.control_socket().display()),
        format!("standin_connect {}", bench.layout().instance(&other).console_socket().display()),
        format!("standin_signal {own} 0"),
        format!("standin_signal {own} 9"),
        format!("standin_trace {own}"),
        format!("standin_read /proc/{own}/environ"),
        format!("standin_read /proc/{own}/mem"),
        "standin_read /etc/shadow".to_owned(),
        "standin_write /usr/evil x".to_owned(),
        "standin_write /etc/evil x".to_owned(),
        "standin_write /evil x".to_owned(),
        // Landlock does not govern modes: what keeps them is that nothing of the system can be written.
        "standin_chmod /usr/bin/env".to_owned(),
        "standin_chmod /etc/hosts".to_owned(),
        "standin_chmod /dev/null".to_owned(),
        "standin_list /etc/ssl/private".to_owned(),
        "standin_list /root".to_owned(),
        "standin_list /run".to_owned(),
    ];
    for line in &forbidden {
        let answer = bench.answer(&one, line, ": ").await;
        assert!(answer.contains(": failed: "), "{line}: {answer}");
    }
    for line in [
        "standin_write left4dead2/mine x",
        "standin_read left4dead2/mine",
        "standin_write /tmp/a x",
        "standin_chmod /tmp/a",
        "standin_write /dev/null x",
        "standin_list /etc/ssl/certs",
        "standin_read /proc/self/status",
    ] {
        let answer = bench.answer(&one, line, ": ").await;
        assert!(answer.contains(": ok: "), "{line}: {answer}");
    }
    let identity = bench.answer(&one, "standin_id", "CapEff").await;
    assert!(!identity.contains("Uid: 0"), "{identity}");
    assert!(identity.contains("CapEff: 0000000000000000"), "{identity}");
    assert!(identity.contains("NoNewPrivs: 1"), "{identity}");
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.stop(&other, LADDER).await.0.unwrap();
}

pub(crate) async fn a_games_environment_says_nothing_of_the_panels(make: MakeBackend) {
    let bench = Bench::new(make);
    // Cargo's variables stand for the panel's.
    assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO")));
    let one = bench.instance("one", &["+standin_env"]).await;
    bench.started(&one).await;
    let lines = bench.logs(&one, 1000).await;
    let mut names: Vec<&str> =
        lines.iter().filter_map(|line| line.text.strip_prefix("env: ")?.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TERM", "USER"]);
    bench.stop(&one, LADDER).await.0.unwrap();
}
