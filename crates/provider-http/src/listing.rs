//! Lists of packages as the streams that the port asks for, by the way in which a provider serves them.
//!
//! A stream is complete or ends in an error. After an error that may be retried the next poll asks for the same page again;
//! any other error ends the stream.

mod cursor;
mod numbered;
mod one_answer;
mod seen;

pub use self::cursor::{CursorPage, by_cursor};
pub use self::numbered::{NumberedPage, NumberedPages, in_numbered_pages};
pub use self::one_answer::in_one_answer;
