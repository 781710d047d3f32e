//! What a game can do to the panel that keeps it, tried by the game itself.

use crate::machine::panel::{DATA_DIR, delete, instance, main_pid, sign_up};
use crate::real::panel::Script;

/// Types a line and gives the game's answer to it.
async fn answer(script: &Script, server: &l4d2_contract::Server, line: &str) -> String {
    let log = format!("/servers/{}/logs/stream", server.id);
    let marker = format!("before {line}");
    script.console(server, &format!("echo {marker}")).await;
    let seen = script.stream_until(&log, None, |event| event.data == marker).await;
    let cursor = seen.last().expect("an event").id.clone();
    script.console(server, line).await;
    let answers = |event: &crate::sse::Event| event.data.contains(": ok: ") || event.data.contains(": failed: ");
    let seen = script.stream_until(&log, Some(&cursor), answers).await;
    seen.last().expect("an event").data.clone()
}

#[tokio::test]
async fn a_game_can_neither_read_list_trace_nor_signal() {
    let alice = sign_up("fence").await;
    let other = alice.server("fence-other", &[]).await;
    alice.succeed(&other, "start").await;
    let server = alice.server("fence", &[]).await;
    alice.succeed(&server, "start").await;
    let panel = main_pid("l4d2-web.service").await;
    let key = std::fs::read_dir(DATA_DIR).expect("readable").flatten().map(|entry| entry.path());
    let key = key.filter(|path| path.to_string_lossy().contains("key")).collect::<Vec<_>>();
    assert_eq!(key.len(), 1, "the signing key: {key:?}");
    let forbidden = [
        format!("standin_read {DATA_DIR}/panel.db"),
        format!("standin_read {}", key[0].display()),
        format!("standin_list {DATA_DIR}"),
        "standin_read /etc/l4d2-web/config.toml".to_owned(),
        "standin_list /opt/l4d2/instances".to_owned(),
        "standin_list /run/l4d2/game/instances".to_owned(),
        format!("standin_list {}", instance("fence-other").display()),
        format!("standin_read {}/spec.yaml", instance("fence-other").display()),
        format!("standin_connect {}/console.sock", instance("fence-other").display()),
        format!("standin_connect {}/console.sock", instance("fence").display()),
        format!("standin_trace {panel}"),
        format!("standin_read /proc/{panel}/mem"),
        format!("standin_read /proc/{panel}/environ"),
        format!("standin_signal {panel} 0"),
        format!("standin_signal {panel} 9"),
        "standin_connect /run/dbus/system_bus_socket".to_owned(),
        "standin_connect /run/systemd/journal/stdout".to_owned(),
    ];
    for line in &forbidden {
        let answer = answer(&alice, &server, line).await;
        println!("{answer}");
        assert!(answer.contains(": failed: "), "{line}: {answer}");
    }
    // It sees none but its own, and the same commands do work where they may.
    let visible = answer(&alice, &server, "standin_list /proc").await;
    let pids = visible.split(' ').filter(|word| word.parse::<u32>().is_ok()).count();
    assert!(visible.contains(": ok: ") && pids <= 4, "{visible}");
    for line in ["standin_write left4dead2/mine x", "standin_read left4dead2/mine", "standin_list /game"] {
        let answer = answer(&alice, &server, line).await;
        assert!(answer.contains(": ok: "), "{line}: {answer}");
    }
    assert_eq!(main_pid("l4d2-web.service").await, panel);
    for server in [&server, &other] {
        alice.succeed(server, "stop").await;
        delete(&alice, server).await;
    }
}
