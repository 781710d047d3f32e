//! What a server would be given, asked from the panel, which also says what is wrong with which row: its rules are
//! written once, there.

use std::time::Duration;

use l4d2_contract::{BlueprintPreview, PreviewBlueprint};
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::components::failed::Loading;

/// How long the typing must rest before the panel is asked.
const REST: Duration = Duration::from_millis(250);

/// Command line and server.cfg, asked for anew when what they come from changes.
#[component]
pub fn Preview(
    /// What they come from.
    #[prop(into)]
    input: Signal<PreviewBlueprint>,
    /// Told what the panel said is wrong, or that nothing is.
    #[prop(optional, into)]
    on_answer: Option<Callback<Option<ApiError>>>,
) -> impl IntoView {
    let api: Api = expect_context();
    let answer = RwSignal::new(None::<Result<BlueprintPreview, ApiError>>);
    // Answers may come in any order; only the one to the last question counts.
    let asked = RwSignal::new(0_u32);
    Effect::new(move |last: Option<Option<TimeoutHandle>>| {
        if let Some(Some(handle)) = last {
            handle.clear();
        }
        let input = input.get();
        asked.update_untracked(|asked| *asked += 1);
        let question = asked.get_untracked();
        let ask = move || {
            leptos::task::spawn_local(async move {
                let found = api.preview_blueprint(&input).await;
                if asked.try_get_untracked() == Some(question) {
                    if let Some(on_answer) = on_answer {
                        on_answer.run(found.as_ref().err().cloned());
                    }
                    answer.set(Some(found));
                }
            });
        };
        // The first look is not delayed.
        let rest = if last.is_some() { REST } else { Duration::ZERO };
        set_timeout_with_handle(ask, rest).ok()
    });
    move || match answer.get() {
        None => view! { <Loading /> }.into_any(),
        Some(Ok(preview)) => view! { <Shown preview /> }.into_any(),
        Some(Err(error)) if error.is_only_about_entries(&["arguments", "config"]) => {
            view! { <p class="muted">"Shown when the marked rows are right."</p> }.into_any()
        }
        Some(Err(error)) => view! { <p class="field__error">{error.to_string()}</p> }.into_any(),
    }
}

#[component]
fn Shown(
    /// The panel's answer.
    preview: BlueprintPreview,
) -> impl IntoView {
    view! {
        <h3 class="preview__name">"Command line"</h3>
        <pre class="preview__text" tabindex="0" aria-label="Command line">
            {preview.command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")}
        </pre>
        <h3 class="preview__name">"server.cfg"</h3>
        <pre class="preview__text" tabindex="0" aria-label="Text of server.cfg">
            {preview.server_cfg}
        </pre>
    }
}

/// A word of the command line so that its end can be seen; for reading only.
fn quoted(word: &str) -> String {
    if !word.is_empty() && !word.contains([' ', '\t']) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_that_hold_blanks_are_quoted() {
        assert_eq!(quoted("+map"), "+map");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted(""), "''");
    }
}
