//! Overlay of a plot: the rectangle that is being drawn, and words beside the pointer.

use leptos::prelude::*;

use super::{BrushRectangle, Place, PlotController};

impl PlotController {
    pub(super) fn show_frame(&self, brush: Option<BrushRectangle>) {
        let Some(frame) = self.frame.try_get_untracked().flatten() else { return };
        frame.set_hidden(brush.is_none());
        if let Some(BrushRectangle { from, to }) = brush {
            let ratio = window().device_pixel_ratio();
            let lengths = [
                ("left", from.0.min(to.0)),
                ("top", from.1.min(to.1)),
                ("width", (from.0 - to.0).abs()),
                ("height", (from.1 - to.1).abs()),
            ];
            for (name, length) in lengths {
                set_length(&frame, name, length / ratio);
            }
        }
    }

    pub(super) fn show_tip(&self, at: Place, words: &[String]) {
        let (Some(tip), Some(canvas)) =
            (self.tip.try_get_untracked().flatten(), self.canvas.try_get_untracked().flatten())
        else {
            return;
        };
        tip.set_inner_html("");
        for line in words {
            if let Ok(element) = document().create_element("div") {
                element.set_text_content(Some(line));
                // An element takes every other.
                let _ = tip.append_child(&element);
            }
        }
        tip.set_hidden(false);
        let ratio = window().device_pixel_ratio();
        let (x, y) = (at.0 / ratio, at.1 / ratio);
        let (width, height) = (f64::from(tip.offset_width()), f64::from(tip.offset_height()));
        let is_right = x + 12.0 + width > f64::from(canvas.client_width());
        set_length(&tip, "left", if is_right { (x - 12.0 - width).max(0.0) } else { x + 12.0 });
        set_length(&tip, "top", (y - height - 8.0).max(0.0));
    }

    pub(super) fn hide_tip(&self) {
        if let Some(tip) = self.tip.try_get_untracked().flatten() {
            tip.set_hidden(true);
        }
    }
}

fn set_length(element: &web_sys::HtmlDivElement, name: &str, length_px: f64) {
    // Every element takes a length.
    let _ = web_sys::HtmlElement::style(element).set_property(name, &format!("{length_px:.1}px"));
}
