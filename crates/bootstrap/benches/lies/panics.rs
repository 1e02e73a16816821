//! Panics of the code under test, counted on the thread where they happen.

use std::cell::RefCell;
use std::panic::PanicHookInfo;
use std::sync::Once;

thread_local! {
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Begins to count on this thread. A simulated crash unwinds without a panic and is not counted.
pub(crate) fn watch() {
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let counted = PANICS.with_borrow_mut(|panics| {
                let panics = panics.as_mut()?;
                panics.push(info.to_string());
                Some(())
            });
            if counted.is_none() {
                usual(info);
            }
        }));
    });
    PANICS.set(Some(Vec::new()));
}

/// What panicked on this thread since then.
pub(crate) fn taken() -> Vec<String> {
    PANICS.take().unwrap_or_default()
}
