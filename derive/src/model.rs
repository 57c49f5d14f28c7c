//! `#[model]` and `#[choices]`: the derives and field attributes that every record of the API has.

use crate::attrs::{inner, texts, unknown, FieldAttrs};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, ToTokens};
use syn::{parse_quote, Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, ItemType, Lit, Result, Type};

pub fn expand_struct(args: TokenStream, mut input: DeriveInput) -> Result<TokenStream> {
    let mut request = false;
    let mut default = false;
    let words =
        syn::parse::Parser::parse2(syn::punctuated::Punctuated::<syn::Ident, syn::Token![,]>::parse_terminated, args)?;
    for word in words {
        match word.to_string().as_str() {
            "request" => request = true,
            "default" => default = true,
            _ => return Err(unknown("model attribute", word, ["request", "default"].into_iter())),
        }
    }
    let name = input.ident.clone();
    let Data::Struct(data) = &mut input.data else {
        return Err(syn::Error::new_spanned(&name, "#[model] is for structs; use #[choices] for enums"));
    };
    let Fields::Named(fields) = &mut data.fields else {
        return Err(syn::Error::new_spanned(&name, "#[model] needs named fields"));
    };

    let mut debug_fields = TokenStream::new();
    for field in &mut fields.named {
        let attrs = FieldAttrs::of(field)?;
        let ident = field.ident.clone();
        let label = ident.to_token_stream().to_string();
        let shown = if attrs.secret { quote!("[redacted]") } else { quote!(self.#ident) };
        debug_fields.extend(quote!(.field(#label, &#shown)));
        let mut ts = ts_of(field, &attrs)?;
        let optional = inner(&field.ty, "Option").map(|_| quote!(optional,));
        if optional.is_some() {
            field.attrs.push(parse_quote!(#[serde(default, skip_serializing_if = "Option::is_none")]));
            if !request && ts != "JsonValue" {
                ts.push_str(" | null");
            }
        }
        let tsify =
            parse_quote!(#[cfg_attr(all(feature = "npm", target_arch = "wasm32"), tsify(#optional type = #ts))]);
        field.attrs.push(tsify);
    }
    // In front of the record's own attributes: a helper attribute must follow the derive that introduces it.
    let mut attrs: Vec<Attribute> = Vec::new();
    if !request || default {
        attrs.push(parse_quote!(#[derive(Default)]));
    }
    attrs.push(parse_quote!(#[derive(Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize, ::ghl_payments_derive::Shape)]));
    attrs.push(parse_quote!(#[cfg_attr(all(feature = "npm", target_arch = "wasm32"), derive(::tsify::Tsify))]));
    attrs.push(parse_quote!(#[serde(rename_all = "camelCase")]));
    attrs.append(&mut input.attrs);
    input.attrs = attrs;
    let text = name.to_string();
    Ok(quote! {
        #input
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text) #debug_fields .finish()
            }
        }
    })
}

pub fn expand_choices(args: &TokenStream, input: &DeriveInput) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(syn::Error::new_spanned(
            args,
            "#[choices] takes nothing: a variant's text is that of #[serde(rename)]",
        ));
    }
    let Data::Enum(data) = &input.data else {
        return Err(syn::Error::new_spanned(&input.ident, "#[choices] is for enums"));
    };
    let mut texts = Vec::new();
    // A TypeScript union has no place for the documentation of its texts: it follows the one of the type.
    let mut meanings = vec![String::new()];
    for variant in &data.variants {
        let mut text = crate::attrs::snake_case(&variant.ident.to_string());
        for attr in variant.attrs.iter().filter(|a| a.path().is_ident("serde")) {
            text = crate::attrs::rename_of(attr)?.unwrap_or(text);
        }
        meanings.push(format!(" - `{text}`:{}", documentation(&variant.attrs, "")?));
        texts.push(text);
    }
    let name = &input.ident;
    let mut input = input.clone();
    for line in meanings {
        input.attrs.push(parse_quote!(#[cfg_attr(all(feature = "npm", target_arch = "wasm32"), doc = #line)]));
    }
    let variants = data.variants.iter().map(|v| &v.ident);
    let texts2 = texts.iter();
    Ok(quote! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        #[cfg_attr(all(feature = "npm", target_arch = "wasm32"), derive(::tsify::Tsify))]
        #[serde(rename_all = "snake_case")]
        #input
        impl #name {
            /// The text that stands for this value on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #texts2,)* }
            }
        }
        impl crate::shape::Shape for #name {
            const KIND: crate::shape::Kind = crate::shape::Kind::Choice(&(&[#(#texts),*] as &[&str]));
        }
    })
}

pub fn expand_known(args: &TokenStream, alias: &ItemType) -> Result<TokenStream> {
    let docs = documentation(&alias.attrs, "")?;
    let name = &alias.ident;
    let text = format!("/**{docs} */\nexport type {name} = {};\n", open_union(&texts(args)?));
    let section = section(&format!("TS_{}", name.to_string().to_uppercase()), &text);
    Ok(quote!(#alias #section))
}

/// A constant of this name that puts a text into the module's TypeScript declarations.
pub fn section(constant: &str, text: &str) -> TokenStream {
    let constant = format_ident!("{constant}");
    quote! {
        #[cfg(all(feature = "npm", target_arch = "wasm32"))]
        #[::wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section)]
        const #constant: &'static str = #text;
    }
}

/// The lines of a documentation comment, with this between them.
pub fn documentation(attrs: &[Attribute], between: &str) -> Result<String> {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &attr.meta.require_name_value()?.value {
            lines.push(text.value());
        }
    }
    Ok(lines.join(between))
}

/// A TypeScript union that completes these texts and accepts any text.
fn open_union(known: &[String]) -> String {
    format!("\"{}\" | (string & {{}})", known.join("\" | \""))
}

/// The TypeScript type of a field, of what is in it where it is an `Option`: that of `ts("...")`, else the one of the Rust type.
pub fn ts_of(field: &Field, attrs: &FieldAttrs) -> Result<String> {
    let ty = inner(&field.ty, "Option").unwrap_or(&field.ty);
    attrs.ts.clone().or_else(|| ts_type(ty, attrs)).ok_or_else(|| {
        let message = "its type in TypeScript cannot be told from the one in Rust: add #[shape(ts(\"...\"))]";
        syn::Error::new_spanned(&field.ty, message)
    })
}

/// The TypeScript type of a Rust type of the models.
fn ts_type(ty: &Type, attrs: &FieldAttrs) -> Option<String> {
    if !attrs.known.is_empty() {
        return Some(open_union(&attrs.known));
    }
    if attrs.kind == Some("TextOrList") {
        return Some("string | readonly string[]".into());
    }
    if let Some(item) = inner(ty, "Vec") {
        return Some(format!("{}[]", ts_type(item, attrs)?));
    }
    // A type that a macro was given stands in a group.
    if let Type::Group(group) = ty {
        return ts_type(&group.elem, attrs);
    }
    let Type::Path(path) = ty else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    Some(match name.as_str() {
        "String" => "string".into(),
        "f64" | "u32" => "number".into(),
        "bool" => "boolean".into(),
        "Json" => "JsonValue".into(),
        _ => name,
    })
}

#[cfg(test)]
mod tests {
    use super::expand_struct;
    use quote::quote;
    use syn::parse_quote;

    #[test]
    fn an_unknown_word_is_named_with_those_that_there_are() {
        let error = expand_struct(
            quote!(reqest),
            parse_quote!(
                struct A {
                    a: u8,
                }
            ),
        )
        .unwrap_err()
        .to_string();
        assert_eq!(error, "unknown model attribute `reqest`; there are `request`, `default`");
    }
}
