//! The fake keeps the port's promises, too.

use super::*;

fn name() -> InstanceName {
    InstanceName::parse("one").expect("a valid name")
}

fn texts(events: Vec<Result<LogEvent, HostError>>) -> Vec<String> {
    events
        .into_iter()
        .map(|event| match event.expect("an event") {
            LogEvent::Line(line) => line.text,
            LogEvent::Skipped { lines } => format!("skipped {lines:?}"),
        })
        .collect()
}

#[tokio::test]
async fn a_held_start_goes_on_when_released_and_can_be_cancelled() {
    let fake = FakeSupervisor::new();
    let (sink, _lines) = OutputSink::channel(16);
    let cancel = CancellationToken::new();
    fake.on_start(&name(), FakeStep::Hold);

    let (name, other) = (name(), fake.clone());
    let start = fake.start(&name, &sink, &cancel);
    let release = async {
        other.called(&FakeCall::Start(name.clone())).await;
        other.release(&name);
    };
    let (outcome, ()) = tokio::join!(start, release);
    assert_eq!(outcome.expect("a start"), Outcome::Done);
    assert_eq!(fake.status(&name).await.expect("a status").state, ActualState::Running);

    fake.set_state(&name, ActualState::Stopped);
    cancel.cancel();
    assert!(matches!(fake.start(&name, &sink, &cancel).await, Err(HostError::Cancelled)));
    assert_eq!(fake.status(&name).await.expect("a status").state, ActualState::Stopped);
}

#[tokio::test]
async fn followers_resume_by_cursor_learn_of_rotation_and_end_with_the_instance() {
    let (fake, name) = (FakeSupervisor::new(), name());
    for text in ["a", "b", "c", "d"] {
        fake.print(&name, text);
    }
    let second = fake.logs(&name, 3).await.expect("lines").remove(0);
    assert_eq!(second.text, "b");
    let resumed = fake.follow(&name, LogStart::After(second.cursor.clone())).await.expect("a stream");
    assert_eq!(texts(resumed.take(2).collect().await), ["c", "d"]);

    fake.rotate(&name, 1);
    let resumed = fake.follow(&name, LogStart::After(second.cursor)).await.expect("a stream");
    let strange = LogStart::After(LogCursor("no cursor of ours".to_owned()));
    let lost = fake.follow(&name, strange).await.expect("a stream");
    fake.print(&name, "e");
    assert_eq!(texts(resumed.take(3).collect().await), ["skipped Some(1)", "d", "e"]);
    assert_eq!(texts(lost.take(3).collect().await), ["skipped None", "d", "e"]);

    let ending = fake.follow(&name, LogStart::Last(0)).await.expect("a stream");
    fake.forget(&name).await.expect("forgotten");
    assert!(texts(ending.collect().await).is_empty());
}
