//! The suite is complete and documented, the sandbox passes it, and broken providers do not.

#![cfg(test)]

mod broken;
mod decoders;
mod documented;
mod http;
mod journal;
mod profiles_at_once;
mod sandbox;
mod world;
