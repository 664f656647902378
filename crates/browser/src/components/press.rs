//! What pressing something does.

use leptos::ev::MouseEvent;

/// What pressing something does. All of them are of one type, because each type that a view meets is code of its own.
pub type Press = Box<dyn FnMut(MouseEvent)>;

/// Does this when it is pressed.
pub fn press(action: impl FnMut(MouseEvent) + 'static) -> Press {
    Box::new(action)
}
