//! The layers that a game runs on.

use std::fs;
use std::os::unix::fs::symlink;

use l4d2_host::HostError;

use crate::bench::{Bench, LADDER, MakeBackend, panel_secret};

pub(crate) async fn overlays_lie_over_the_installation_in_their_order(make: MakeBackend) {
    let bench = Bench::new(make);
    let overlays = &bench.world.config.overlay_root;
    let strange = ["first, with:colon", "second\\back=slash", "third"];
    for (index, overlay) in strange.iter().enumerate() {
        let addons = overlays.join(overlay).join("left4dead2/addons");
        fs::create_dir_all(&addons).unwrap();
        fs::write(addons.join(format!("only-{index}.vpk")), "").unwrap();
        fs::write(addons.join("shared.txt"), format!("from {index}\n")).unwrap();
        fs::create_dir_all(overlays.join(overlay).join("left4dead2/cfg")).unwrap();
        fs::write(overlays.join(overlay).join("left4dead2/cfg/server.cfg"), "echo an overlay's").unwrap();
    }
    let one = bench
        .specified("one", |specification| {
            specification.overlays = strange.map(str::to_owned).into();
            specification.config = vec!["echo the panel's".to_owned()];
        })
        .await;
    bench.started(&one).await;
    let lines = bench.logs(&one, 100).await;
    for word in ["addon: only-0.vpk", "addon: only-1.vpk", "addon: only-2.vpk", "server.cfg: echo the panel's"] {
        assert!(lines.iter().any(|line| line.text == word), "{word}: {lines:?}");
    }
    let answer = bench.answer(&one, "standin_read left4dead2/addons/shared.txt", "shared.txt").await;
    assert!(answer.ends_with("ok: from 0"), "{answer}");
    // What the game writes stays its own.
    bench.answer(&one, "standin_write left4dead2/addons/shared.txt mine", "written").await;
    let original = overlays.join(strange[0]).join("left4dead2/addons/shared.txt");
    assert_eq!(fs::read_to_string(original).unwrap(), "from 0\n");
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.started(&one).await;
    let answer = bench.answer(&one, "standin_read left4dead2/addons/shared.txt", "shared.txt").await;
    assert!(answer.ends_with("ok: mine"), "{answer}");
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn as_many_overlays_as_allowed_with_long_paths(make: MakeBackend) {
    let bench = Bench::new(make);
    let paths: Vec<String> =
        (0..64).map(|number| format!("{}/{}-{number}", "d".repeat(240), "n".repeat(240))).collect();
    for (number, path) in paths.iter().enumerate() {
        let addons = bench.world.config.overlay_root.join(path).join("left4dead2/addons");
        fs::create_dir_all(&addons).unwrap();
        fs::write(addons.join(format!("{number}.vpk")), "").unwrap();
    }
    let one = bench.specified("one", |specification| specification.overlays = paths).await;
    bench.started(&one).await;
    let lines = bench.logs(&one, 1000).await;
    assert_eq!(lines.iter().filter(|line| line.text.starts_with("addon: ")).count(), 64, "{lines:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn an_overlay_that_leads_out_is_refused_at_the_start(make: MakeBackend) {
    let bench = Bench::new(make);
    let overlay = bench.world.config.overlay_root.join("mods");
    fs::create_dir(&overlay).unwrap();
    let one = bench.specified("one", |specification| specification.overlays = vec!["mods".to_owned()]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    // It was fine when it was typed and when the instance was initialized.
    panel_secret(&bench);
    fs::remove_dir(&overlay).unwrap();
    symlink(bench.world.path(), &overlay).unwrap();
    let error = bench.start(&one).await.0.unwrap_err();
    assert!(matches!(&error, HostError::Overlay(text) if text.contains("mods")), "{error:?}");
    fs::remove_file(&overlay).unwrap();
    let error = bench.start(&one).await.0.unwrap_err();
    assert!(matches!(&error, HostError::Overlay(text) if text.contains("missing")), "{error:?}");
    assert_eq!(bench.supervisor.status(&one).await.unwrap().pid, None);
}

pub(crate) async fn a_link_inside_an_overlay_opens_nothing(make: MakeBackend) {
    let bench = Bench::new(make);
    let secret = panel_secret(&bench);
    let overlay = bench.world.config.overlay_root.join("mods/left4dead2");
    fs::create_dir_all(&overlay).unwrap();
    symlink(&secret, overlay.join("key")).unwrap();
    symlink(bench.world.path(), overlay.join("panel")).unwrap();
    let one = bench.specified("one", |specification| specification.overlays = vec!["mods".to_owned()]).await;
    bench.started(&one).await;
    for line in ["standin_read left4dead2/key", "standin_list left4dead2/panel"] {
        let answer = bench.answer(&one, line, ": ").await;
        assert!(answer.contains(": failed: "), "{answer}");
    }
    bench.stop(&one, LADDER).await.0.unwrap();
}
