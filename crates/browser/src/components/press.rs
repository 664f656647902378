//! Handlers of presses.

use leptos::ev::MouseEvent;

/// Handler of a press. All handlers are of one type, because a view has code of its own for each type that it meets.
pub type Press = Box<dyn FnMut(MouseEvent)>;

/// Makes an action the handler of a press.
pub fn press(action: impl FnMut(MouseEvent) + 'static) -> Press {
    Box::new(action)
}
