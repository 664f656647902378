//! Gestures in a plot: pointer, wheel and keys become brushes, zooms and pans.

use std::time::Duration;

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use leptos::prelude::*;

use super::{BrushRectangle, DrawTarget, Place, PlotController};

/// Minimum distance between press and release of a brush, in pixels: with less it is a click.
const STILL_PX: f64 = 4.0;

/// Factor by which a step of a key or a wheel zooms, and share of the range by which a key pans.
pub(super) const ZOOM_STEP: f64 = 0.8;
const PAN_SHARE: f64 = 0.1;

/// Turn of a wheel for a step: in pixels, or in lines, or else a page. Two fingers on a touchpad, which come as a wheel with
/// Ctrl, turn by less.
const STEP_PX: f64 = 100.0;
const STEP_LINES: f64 = 3.0;

/// Time that a press on a plot that zooms waits for a second one: a double press shows everything, and leaves the selection.
const DOUBLE_PRESS: Duration = Duration::from_millis(300);

impl PlotController {
    pub(super) fn down(&self, event: PointerEvent) {
        if event.button() > 1 {
            return;
        }
        if let Some(canvas) = self.canvas.try_get_untracked().flatten() {
            // Without the capture the gesture ends at the edge.
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
        let at = place_of(&event);
        self.hide_tip();
        let mut pressed = self.pressed.borrow_mut();
        pressed.push((event.pointer_id(), at));
        let is_second = pressed.len() > 1;
        self.is_panning.set(is_second || event.shift_key() || event.button() == 1);
        self.began.set((!is_second).then_some(at));
    }

    pub(super) fn moved(&self, event: PointerEvent) {
        let at = place_of(&event);
        let before = {
            let mut pressed = self.pressed.borrow_mut();
            let before = pressed.clone();
            if let Some(pointer) = pressed.iter_mut().find(|(id, _)| *id == event.pointer_id()) {
                pointer.1 = at;
            }
            before
        };
        match before.as_slice() {
            [] => self.point_at(at),
            [_] if self.is_panning.get() => {
                let by = (at.0 - before[0].1.0, at.1 - before[0].1.1);
                self.on_paper(|target| self.pan(target, by));
            }
            [_] => self.brush(at),
            [..] => self.pinch(&before),
        }
    }

    /// Pans and zooms with two fingers: the part of the plot between them stays between them.
    fn pinch(&self, before: &[(i32, Place)]) {
        let now: Vec<Place> = self.pressed.borrow().iter().map(|(_, at)| *at).collect();
        let middle = |one: Place, other: Place| (f64::midpoint(one.0, other.0), f64::midpoint(one.1, other.1));
        let apart = |one: Place, other: Place| (one.0 - other.0).hypot(one.1 - other.1).max(1.0);
        let (was, is) = (middle(before[0].1, before[1].1), middle(now[0], now[1]));
        let factor = apart(before[0].1, before[1].1) / apart(now[0], now[1]);
        self.on_paper(|target| self.pan(target, (is.0 - was.0, is.1 - was.1)));
        self.on_paper(|target| self.zoom(target, is, factor));
    }

    fn brush(&self, at: Place) {
        let Some(from) = self.began.get().filter(|from| (from.0 - at.0).hypot(from.1 - at.1) >= STILL_PX) else {
            return;
        };
        let shown = self.on_paper(|target| self.plot.brush(target, BrushRectangle { from, to: at })).flatten();
        self.show_frame(shown);
    }

    pub(super) fn up(&self, event: PointerEvent) {
        let at = place_of(&event);
        self.pressed.borrow_mut().retain(|(id, _)| *id != event.pointer_id());
        self.show_frame(None);
        let began = self.began.take();
        let is_still = began.is_some_and(|from| (from.0 - at.0).hypot(from.1 - at.1) < STILL_PX);
        if is_still && !self.is_panning.get() {
            self.press(at);
        }
    }

    fn press(&self, at: Place) {
        let controller = self.clone();
        let press = move || {
            controller.on_paper(|target| controller.plot.press(target, at));
        };
        if self.can_zoom() { self.presses.after(DOUBLE_PRESS, press) } else { press() }
    }

    pub(super) fn pressed_twice(&self) {
        self.presses.cancel();
        self.plot.reset();
    }

    pub(super) fn left(&self, event: PointerEvent) {
        if self.pressed.borrow().iter().all(|(id, _)| *id != event.pointer_id()) || event.type_() == "pointercancel" {
            self.pressed.borrow_mut().clear();
            self.began.set(None);
            self.show_frame(None);
            self.hide_tip();
            if self.state.pointed_at.get_untracked().is_some() {
                self.state.pointed_at.set(None);
            }
        }
    }

    fn point_at(&self, at: Place) {
        let found = self.on_paper(|target| self.plot.find(target, at)).flatten();
        let row = found.as_ref().and_then(|found| found.row);
        if self.state.pointed_at.get_untracked() != row {
            self.state.pointed_at.set(row);
        }
        match found {
            Some(found) => self.show_tip(at, &found.words),
            None => self.hide_tip(),
        }
    }

    pub(super) fn wheel(&self, event: &WheelEvent) {
        if !(event.ctrl_key() || event.meta_key()) {
            return self.tell_of_wheel();
        }
        if !self.can_zoom() {
            return;
        }
        event.prevent_default();
        let step = match event.delta_mode() {
            WheelEvent::DOM_DELTA_PIXEL => STEP_PX,
            WheelEvent::DOM_DELTA_LINE => STEP_LINES,
            _ => 1.0,
        };
        let factor = ZOOM_STEP.powf((-event.delta_y() / step).clamp(-1.0, 1.0));
        let at = place_of(event);
        self.on_paper(|target| self.zoom(target, at, factor));
    }

    pub(super) fn key(&self, event: &KeyboardEvent) {
        let done = self.on_paper(|target| {
            let (width, height) = (f64::from(target.size.width_px), f64::from(target.size.height_px));
            match &*event.key() {
                "+" | "=" => self.zoom_by(ZOOM_STEP),
                "-" => self.zoom_by(1.0 / ZOOM_STEP),
                "0" => self.plot.reset(),
                "ArrowLeft" => self.pan(target, (PAN_SHARE * width, 0.0)),
                "ArrowRight" => self.pan(target, (-PAN_SHARE * width, 0.0)),
                "ArrowUp" => self.pan(target, (0.0, PAN_SHARE * height)),
                "ArrowDown" => self.pan(target, (0.0, -PAN_SHARE * height)),
                "Escape" if self.state.opened.get_untracked().is_none() => self.plot.unselect(self.state),
                _ => return false,
            }
            true
        });
        if done == Some(true) && !self.plot.hint().is_empty() {
            event.prevent_default();
        }
    }

    /// Shows `factor` times the range, around its middle.
    pub(super) fn zoom_by(&self, factor: f64) {
        self.on_paper(|target| {
            if let Some(frame) = self.plot.frame(target) {
                let middle = |one: f64, other: f64| f64::midpoint(one, other);
                let at = (middle(frame.left_px, frame.right_px), middle(frame.top_px, frame.bottom_px));
                self.zoom(target, at, factor);
            }
        });
    }

    /// Shows `factor` times the range; what is at the place stays there.
    fn zoom(&self, target: DrawTarget, at: Place, factor: f64) {
        if let Some(frame) = self.plot.frame(target) {
            self.plot.show_range(frame.zoomed(at.0, at.1, factor));
        }
    }

    /// Drags the plot by a number of pixels, to the right and down.
    fn pan(&self, target: DrawTarget, by: Place) {
        if let Some(frame) = self.plot.frame(target) {
            self.plot.show_range(frame.panned(by.0, by.1));
        }
    }
}

/// Returns the place of a pointer, in pixels of the drawing area.
fn place_of(event: &MouseEvent) -> Place {
    let ratio = window().device_pixel_ratio();
    (f64::from(event.offset_x()) * ratio, f64::from(event.offset_y()) * ratio)
}
