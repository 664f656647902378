//! Shortcuts of the keyboard: what they do, and how they are told. Nothing else of the page's frame listens to keys.

use crate::state::route::Page;

/// What a shortcut does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcutAct {
    /// Shows the palette.
    Palette,
    /// Shows the shortcuts.
    Shortcuts,
    /// Shows a page.
    Go(Page),
    /// Switches between light and dark.
    Theme,
    /// Looks at the study again.
    Look,
}

/// Shortcut: the key as a browser names it, whether Ctrl (on macOS also Command) is held, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyShortcut {
    pub key: &'static str,
    pub has_control: bool,
    pub act: ShortcutAct,
}

const fn single(key: &'static str, act: ShortcutAct) -> KeyShortcut {
    KeyShortcut { key, has_control: false, act }
}

/// All shortcuts, in the order in which they are listed.
pub const SHORTCUTS: [KeyShortcut; 11] = [
    KeyShortcut { key: "k", has_control: true, act: ShortcutAct::Palette },
    single("1", ShortcutAct::Go(Page::ALL[0])),
    single("2", ShortcutAct::Go(Page::ALL[1])),
    single("3", ShortcutAct::Go(Page::ALL[2])),
    single("4", ShortcutAct::Go(Page::ALL[3])),
    single("5", ShortcutAct::Go(Page::ALL[4])),
    single("6", ShortcutAct::Go(Page::ALL[5])),
    single("7", ShortcutAct::Go(Page::ALL[6])),
    single("r", ShortcutAct::Look),
    single("t", ShortcutAct::Theme),
    single("?", ShortcutAct::Shortcuts),
];

impl KeyShortcut {
    /// Returns what it does, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self.act {
            ShortcutAct::Palette => "Search pages, batches, cases, workers and actions",
            ShortcutAct::Shortcuts => "These shortcuts",
            ShortcutAct::Go(page) => page.name(),
            ShortcutAct::Theme => "Light or dark",
            ShortcutAct::Look => "Look at the study again",
        }
    }

    /// Returns its keys, as they are written on keyboards.
    #[must_use]
    pub fn keys(self, is_mac: bool) -> String {
        match (self.has_control, is_mac) {
            (true, true) => format!("⌘ {}", self.key.to_ascii_uppercase()),
            (true, false) => format!("Ctrl {}", self.key.to_ascii_uppercase()),
            (false, _) => self.key.to_ascii_uppercase(),
        }
    }
}

/// Key that was pressed.
#[derive(Debug, Clone, Copy)]
pub struct PressedKey<'a> {
    /// The key as a browser names it.
    pub key: &'a str,
    /// Whether Ctrl or Command is held.
    pub has_control: bool,
    /// Whether Alt is held.
    pub has_alt: bool,
    /// Whether somebody types into a field, or a dialog is open.
    pub is_taken: bool,
}

/// Returns what a pressed key does, if it is a shortcut. Single keys can be switched off.
#[must_use]
pub fn act_of(pressed: PressedKey<'_>, single_keys_are_off: bool) -> Option<ShortcutAct> {
    let PressedKey { key, has_control, has_alt, is_taken } = pressed;
    if has_alt || !has_control && (is_taken || single_keys_are_off) {
        return None;
    }
    let is_it = |shortcut: &&KeyShortcut| {
        shortcut.has_control == has_control
            && (shortcut.key == key || has_control && shortcut.key.eq_ignore_ascii_case(key))
    };
    SHORTCUTS.iter().find(is_it).map(|shortcut| shortcut.act)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(key: &str) -> PressedKey<'_> {
        PressedKey { key, has_control: false, has_alt: false, is_taken: false }
    }

    #[test]
    fn every_shortcut_that_is_listed_does_what_it_says() {
        for shortcut in SHORTCUTS {
            let key = PressedKey { has_control: shortcut.has_control, ..pressed(shortcut.key) };
            assert_eq!(act_of(key, false), Some(shortcut.act), "{shortcut:?}");
        }
        let pages = SHORTCUTS.iter().filter(|shortcut| matches!(shortcut.act, ShortcutAct::Go(_))).count();
        assert_eq!(pages, Page::ALL.len());
    }

    #[test]
    fn nothing_happens_while_somebody_types() {
        for shortcut in SHORTCUTS.iter().filter(|shortcut| !shortcut.has_control) {
            let key = pressed(shortcut.key);
            assert_eq!(act_of(PressedKey { is_taken: true, ..key }, false), None, "{shortcut:?}");
            assert_eq!(act_of(PressedKey { has_alt: true, ..key }, false), None, "{shortcut:?}");
            assert_eq!(act_of(PressedKey { has_control: true, ..key }, false), None, "{shortcut:?}");
            assert_eq!(act_of(key, true), None, "{shortcut:?}");
        }
        let palette = PressedKey { has_control: true, is_taken: true, ..pressed("K") };
        assert_eq!(act_of(palette, true), Some(ShortcutAct::Palette));
    }

    #[test]
    fn keys_are_told_as_they_are_written() {
        assert_eq!(SHORTCUTS[0].keys(false), "Ctrl K");
        assert_eq!(SHORTCUTS[0].keys(true), "⌘ K");
        assert_eq!(SHORTCUTS[10].keys(true), "?");
    }
}
