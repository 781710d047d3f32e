//! What pages are made of.

pub mod badge;
pub mod confirm;
pub mod credentials_form;
pub mod field;
pub mod frame;
pub mod notice;
pub mod page_title;
pub mod server_row;
pub mod user_menu;
