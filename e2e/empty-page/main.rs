//! The least that Leptos can put on a page, built and served as the panel's pages are: what their time is compared with.

use leptos::prelude::*;

fn main() {
    leptos::mount::mount_to_body(|| view! { <p class="row">"One row"</p> });
}
