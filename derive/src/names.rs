//! The names of all fields of a crate, which the shape tables of its records share.

use crate::attrs::{wire_name, FieldAttrs};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use syn::{Fields, Item, ItemStruct, Result};

/// The names of the fields of all records that are declared in the files of these folders, one behind the other; a name
/// that is a part of another one, as `currency` of `currencyOptions`, is not there again.
pub fn of_folders(root: &Path, folders: &[String]) -> Result<String> {
    let mut names = BTreeSet::new();
    for folder in folders {
        let failed = |error| syn::Error::new(proc_macro2::Span::call_site(), format!("{folder}: {error}"));
        for entry in fs::read_dir(root.join(folder)).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "rs") {
                of_file(&fs::read_to_string(&path).map_err(failed)?, &mut names)?;
            }
        }
    }
    let longest = |name: &&String| !names.iter().any(|other| other.len() > name.len() && other.contains(name.as_str()));
    Ok(names.iter().filter(longest).map(String::as_str).collect())
}

fn of_file(source: &str, names: &mut BTreeSet<String>) -> Result<()> {
    for item in syn::parse_file(source)?.items {
        let Item::Struct(record) = item else { continue };
        if let (true, Fields::Named(fields)) = (is_record(&record), &record.fields) {
            for field in &fields.named {
                names.insert(wire_name(field, &FieldAttrs::of(field)?));
            }
        }
    }
    Ok(())
}

/// Whether it stands under `#[model]` or derives `Shape`.
fn is_record(item: &ItemStruct) -> bool {
    let mut found = false;
    for attr in &item.attrs {
        found |= attr.path().is_ident("model");
        if attr.path().is_ident("derive") {
            let read = attr.parse_nested_meta(|meta| {
                found |= meta.path.is_ident("Shape");
                Ok(())
            });
            found |= read.is_err();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::of_file;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_those_of_records_as_they_are_on_the_wire() {
        let source = "
            #[model] pub struct Order { pub alt_id: String, #[serde(rename = \"_id\")] pub id: String }
            #[derive(Debug, Shape)] struct Options { base_url: Option<String> }
            #[derive(Debug)] pub struct Other { pub not_this: u8 }
            pub enum Mode { Live }";
        let mut names = BTreeSet::new();
        of_file(source, &mut names).unwrap();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["_id", "altId", "baseUrl"]);
    }
}
