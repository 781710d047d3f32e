//! What a server would be given by what stands in the editor, asked from the panel, which also says what is wrong with
//! which row: its rules are written once, there.

use std::time::Duration;

use l4d2_contract::{BlueprintPreview, PreviewBlueprint};
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::blueprint_form::BlueprintForm;
use crate::lines::Lines;

/// How long the typing must rest before the panel is asked.
const REST: Duration = Duration::from_millis(250);

/// The panel beside the editor.
#[component]
pub fn Preview(
    /// The editor's state.
    form: BlueprintForm,
    /// The port to show, of a server that is linked.
    port: Memo<Option<u16>>,
) -> impl IntoView {
    let api: Api = expect_context();
    let answer = RwSignal::new(None::<Result<BlueprintPreview, ApiError>>);
    // Answers may come in any order; only the one to the last question counts.
    let asked = RwSignal::new(0_u32);
    Effect::new(move |last: Option<Option<TimeoutHandle>>| {
        if let Some(Some(handle)) = last {
            handle.clear();
        }
        let (arguments, config, port) = (form.arguments.get(), form.config.get(), port.get());
        asked.update_untracked(|asked| *asked += 1);
        let question = asked.get_untracked();
        let input = PreviewBlueprint { arguments: arguments.texts(), config: config.texts(), port };
        let ask = move || {
            leptos::task::spawn_local(async move {
                let found = api.preview_blueprint(&input).await;
                if asked.try_get_untracked() == Some(question) {
                    form.show_errors(found.as_ref().err(), &arguments, &config);
                    answer.set(Some(found));
                }
            });
        };
        // The first look is not delayed.
        let rest = if last.is_some() { REST } else { Duration::ZERO };
        set_timeout_with_handle(ask, rest).ok()
    });
    let rows = move || form.arguments.with(Lines::texts).len() + form.config.with(Lines::texts).len();
    view! {
        <section class="card preview" aria-labelledby="preview-title">
            <h2 class="section-title" id="preview-title">
                "What servers get"
            </h2>
            {move || match answer.get() {
                None => view! { <div class="skeleton preview__wait" role="status" aria-label="Loading"></div> }.into_any(),
                Some(Ok(preview)) => view! { <Shown preview /> }.into_any(),
                Some(Err(error)) if rows() > 0 && error.is_only_about_entries(&["arguments", "config"]) => {
                    view! { <p class="muted">"Shown when the marked rows are right."</p> }.into_any()
                }
                Some(Err(error)) => view! { <p class="field__error">{error.to_string()}</p> }.into_any(),
            }}
        </section>
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
