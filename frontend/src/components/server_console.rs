//! The line under a game's log: what is typed there goes to the game's console.

use l4d2_contract::{ActualState, Server};
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::command_history::CommandHistory;
use crate::components::form::SendError;
use crate::components::sending::Sending;

/// The line. Without a running game it can't be used and says why.
#[component]
pub fn ServerConsole(
    /// The server.
    server: Memo<Server>,
    /// What is to be seen of it in the log above, where it was sent: games don't repeat what they are told.
    #[prop(into)]
    on_remark: Callback<String>,
) -> impl IntoView {
    let api: Api = expect_context();
    let command = RwSignal::new(String::new());
    let history = StoredValue::new(CommandHistory::default());
    let sending = Sending::new();
    let runs = Memo::new(move |_| server.with(|server| server.actual_state == ActualState::Running));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = command.get_untracked();
        if typed.trim().is_empty() {
            return;
        }
        let id = server.with_untracked(|server| server.id);
        let line = typed.clone();
        let call = async move {
            // Before the game's answer, which may be here earlier than the panel's.
            on_remark.try_run(format!("> {line}"));
            let answer = api.send_console_command(id, line).await;
            if answer.is_err() {
                on_remark.try_run("The line above may not have arrived".to_owned());
            }
            answer
        };
        sending.start(call, move |()| {
            history.try_update_value(|history| history.push(&typed));
            // What was typed on meanwhile stays.
            command.try_update(|now| {
                if *now == typed {
                    now.clear();
                }
            });
        });
    };
    let call_back = move |event: KeyboardEvent| {
        let recalled = match event.key().as_str() {
            "ArrowUp" => history.try_update_value(|history| history.older(&command.get_untracked())).flatten(),
            "ArrowDown" => history.try_update_value(CommandHistory::newer).flatten(),
            _ => return,
        };
        event.prevent_default();
        if let Some(recalled) = recalled {
            command.set(recalled);
        }
    };
    let hint = move || {
        if runs.get() {
            "Enter sends the line; the arrow keys bring back earlier ones.".to_owned()
        } else {
            server.with(|server| format!("{} doesn't run, so it has no console.", server.name))
        }
    };
    view! {
        <form class="console" on:submit=send>
            <label class="field__label" for="console">
                "Console"
            </label>
            <div class="console__line">
                <input
                    class="field__input console__input"
                    id="console"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="1024"
                    aria-describedby="console-hint console-error"
                    disabled=move || !runs.get()
                    prop:value=command
                    on:input:target=move |event| command.set(event.target().value())
                    on:keydown=call_back
                />
                <button class="button" type="submit" disabled=move || !runs.get()>
                    "Send"
                </button>
            </div>
            <p class="field__hint" id="console-hint">
                {hint}
            </p>
            <p class="field__error" id="console-error" role="alert">
                {sending.field("command")}
            </p>
            <SendError sending fields=&["command"] />
        </form>
    }
}
