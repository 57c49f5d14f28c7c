//! `#[derive(Shape)]`: the constant table of a record.

use crate::attrs::{inner, named_fields, rules, wire_name, FieldAttrs, RuleAttr};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Result};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let mut rows = TokenStream::new();
    let mut names = Vec::new();
    for field in &named_fields(input, "Shape")?.named {
        let attrs = FieldAttrs::of(field)?;
        let wire = wire_name(field, &attrs);
        let optional = inner(&field.ty, "Option");
        let required = optional.is_none();
        let ty = optional.unwrap_or(&field.ty);
        let ty = match (attrs.list, inner(ty, "Vec")) {
            (Some(_), Some(item)) => item,
            (Some(_), None) => return Err(syn::Error::new_spanned(ty, "one_or_list and filled need a Vec")),
            (None, _) => ty,
        };
        let mut kind = match attrs.kind {
            Some(kind) => {
                let kind = format_ident!("{kind}");
                quote!(crate::shape::Kind::#kind)
            }
            None => quote!(<#ty as crate::shape::Shape>::KIND),
        };
        if let Some(list) = attrs.list {
            let list = format_ident!("{list}");
            kind = quote!(crate::shape::Kind::#list(&#kind));
        }
        rows.extend(quote!(crate::shape::Field { name: #wire, kind: &#kind, required: #required },));
        names.push(wire);
    }
    let index = |wanted: &str| -> Result<u16> {
        names
            .iter()
            .position(|n| n == wanted)
            .map(|i| i as u16)
            .ok_or_else(|| syn::Error::new_spanned(name, format!("the rule names `{wanted}`, which is no field")))
    };
    let mut rule_rows = TokenStream::new();
    for rule in rules(&input.attrs)? {
        rule_rows.extend(match rule {
            RuleAttr::OneOf(list) => {
                let list = list.iter().map(|n| index(n)).collect::<Result<Vec<_>>>()?;
                quote!(crate::shape::Rule::OneOf(&[#(#list),*]),)
            }
            RuleAttr::Condition { rule, field, when, is } => {
                let (rule, field, when) = (format_ident!("{rule}"), index(&field)?, index(&when)?);
                quote!(crate::shape::Rule::#rule { field: #field, when: #when, is: #is },)
            }
        });
    }
    Ok(quote! {
        impl crate::shape::Shape for #name {
            // The sandbox's module judges by tables of its own.
            const KIND: crate::shape::Kind =
                if cfg!(all(target_arch = "wasm32", feature = "npm-sandbox", not(feature = "npm"))) {
                    crate::shape::Kind::Json
                } else {
                    crate::shape::Kind::Object(&crate::record!(&[#rows], &[#rule_rows]))
                };
        }
    })
}
