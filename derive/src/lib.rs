//! Macros of `ghl-payments`.
//!
//! A field of the API is declared once, in a struct under [`macro@model`]. From that declaration come the serde
//! field, the TypeScript field (through tsify) and the row of the shape table that the byte checker walks
//! ([`macro@Shape`]).

mod attrs;
mod model;
mod names;
mod options;
mod shape;

use proc_macro::TokenStream;
use quote::quote;
use std::path::PathBuf;
use syn::{parse_macro_input, DeriveInput, ItemType};

/// Declares a record of the API.
///
/// `#[model]` is something HighLevel answers: every `Option` field may be absent or null.
/// `#[model(request)]` is something HighLevel takes: an `Option` field may be absent, null is refused.
/// `#[model(request, default)]` adds `Default` to a request (answers always have it).
///
/// It adds `Debug` (fields marked `#[shape(secret)]` print as `[redacted]`), `Clone`, `PartialEq`, the serde traits
/// with camelCase names, [`macro@Shape`] and, under the feature `npm` on wasm32, `Tsify`.
#[proc_macro_attribute]
pub fn model(args: TokenStream, input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    model::expand_struct(args.into(), input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a closed list of texts that a request field may hold; the variants are written in snake case unless
/// renamed by serde.
#[proc_macro_attribute]
pub fn choices(args: TokenStream, input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    model::expand_choices(&args.into(), &input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares an open list of texts on an alias of `String`: TypeScript gets a type of the alias's name that completes
/// the known texts and accepts any text. For lists that several fields share; one field alone uses
/// `#[shape(known(...))]`.
#[proc_macro_attribute]
pub fn known(args: TokenStream, input: TokenStream) -> TokenStream {
    let alias = parse_macro_input!(input as ItemType);
    model::expand_known(&args.into(), &alias).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Builds the shape table of a record: the name of every field, its kind and whether it must be there.
///
/// Field attributes, all under `#[shape(...)]`:
/// - `timestamp`: an ISO 8601 time; `date`: `YYYY-MM-DD` or an ISO 8601 time; `https`: an https URL;
///   `slug`: lower-case letters and hyphens; `id`: text that is not empty; `count`: a whole number from 0;
///   `amount`: money; `positive`: a number above 0; `whole`: a whole number from 0, whatever its size;
///   `text_or_list`: text or a list of texts;
/// - `one_or_list`: a list that HighLevel also sends as a single object; `filled`: a list with at least one item. The
///   others above are then about its items;
/// - `known("a", "b")`: texts that the API is known to send (TypeScript completes them, any text is accepted);
/// - `ts("...")`: the TypeScript type, where it cannot be derived from the Rust type;
/// - `secret`: never printed by `Debug`.
///
/// Record attributes: `one_of("id", "code")` (at least one must be there), `only("card", "mode" = "card")` (allowed
/// only when the text field `mode` is `card`), `needs("duration", "type" = "fixed")` (required then),
/// `percent("discountValue", "discountType" = "percentage")` (this amount is percent then, not money).
#[proc_macro_derive(Shape, attributes(shape))]
pub fn derive_shape(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    shape::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Writes the TypeScript of a struct of options into the module's declarations, under the feature `npm` on wasm32: the
/// interfaces `PlainClientOptions`, `PlainCallOptions` and `PlainOnceOptions`, which the facade's interfaces extend.
///
/// Each field says whose option it is, with `#[option(once)]`, `call`, `client`, or `both` for one of a client that a call
/// overrides. Its documentation is that of the TypeScript field; for a call it is `#[option(call = "...")]`. An option with
/// `#[option(facade)]`, such as a function, is declared in TypeScript. `#[shape(...)]` is that of [`macro@Shape`].
#[proc_macro_derive(Options, attributes(option, shape))]
pub fn derive_options(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    options::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A text that holds the wire names of the fields of all records in the files of the given folders of the crate, such as
/// `field_names!("src/model")`.
///
/// A change of such a file compiles its crate anew, and this with it.
#[proc_macro]
pub fn field_names(folders: TokenStream) -> TokenStream {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let names = attrs::texts(&folders.into()).and_then(|folders| names::of_folders(&root, &folders));
    names.map_or_else(syn::Error::into_compile_error, |names| quote!(#names)).into()
}
