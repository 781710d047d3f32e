//! One input of a form, with its label, its rules and what is wrong with it.

use l4d2_contract::rules::Fault;
use leptos::prelude::*;

use crate::components::press::Press;
use crate::text::sentence;

/// What decides about a text as it is typed.
pub type Rule = fn(&str) -> Result<(), Fault>;

/// A labelled input.
#[component]
pub fn Field(
    /// The name on the wire.
    name: &'static str,
    /// The input's id where the page has more than one of this name; else the name is.
    #[prop(optional, into)]
    id: Option<String>,
    /// What a person reads.
    label: &'static str,
    /// `text` or `password`.
    kind: &'static str,
    /// What browsers and password managers fill in.
    autocomplete: &'static str,
    /// The rules, shown below the input.
    #[prop(optional)]
    hint: &'static str,
    /// What was typed.
    value: RwSignal<String>,
    /// The rule that is held to while it is typed.
    #[prop(optional_no_strip)]
    rule: Option<Rule>,
    /// What the panel said is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let press = Press::expect();
    let typed = RwSignal::new(false);
    // An empty field is not wrong before it is sent.
    let broken = move |value: &String| {
        let rule = rule.filter(|_| !value.is_empty())?;
        rule(value).err().map(|fault| sentence(&fault))
    };
    let fault = Memo::new(move |last: Option<&Option<String>>| {
        // What is pressed must not move away from under the pointer.
        if let Some(last) = last
            && press.is_under_way()
        {
            return last.clone();
        }
        let own = if typed.get() { value.with(broken) } else { None };
        own.or_else(|| error.get())
    });
    let id = id.unwrap_or_else(|| name.to_owned());
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let described_by = format!("{hint_id} {error_id}");
    view! {
        <div class="field">
            <label class="field__label" for=id.clone()>
                {label}
            </label>
            <input
                class="field__input"
                id=id
                name=name
                type=kind
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                aria-describedby=described_by
                aria-invalid=move || fault.with(Option::is_some).then_some("true")
                prop:value=value
                on:input:target=move |event| value.set(event.target().value())
                // Not with the first letter: what is being typed is not wrong for being unfinished.
                on:change=move |_| typed.set(true)
            />
            <p class="field__hint" id=hint_id>
                {hint}
            </p>
            <p class="field__error" id=error_id role="alert">
                {fault}
            </p>
        </div>
    }
}
