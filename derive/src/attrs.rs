//! Reads the `#[shape(...)]` and `#[serde(...)]` attributes of fields and records.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DataStruct, DeriveInput, Expr, ExprLit, Field, Fields, FieldsNamed, GenericArgument, Lit, LitStr,
    Meta, PathArguments, Result, Token, Type,
};

/// The attributes that name a kind, each with its `Kind` variant.
const KINDS: [(&str, &str); 10] = [
    ("timestamp", "Timestamp"),
    ("date", "Date"),
    ("https", "Https"),
    ("slug", "Slug"),
    ("id", "Id"),
    ("count", "Count"),
    ("amount", "Amount"),
    ("positive", "Positive"),
    ("whole", "Whole"),
    ("text_or_list", "TextOrList"),
];

/// The same of a list.
const LISTS: [(&str, &str); 2] = [("one_or_list", "OneOrList"), ("filled", "Filled")];

/// The conditions of a field on another one, each with its `Rule` variant.
const CONDITIONS: [(&str, &str); 3] = [("only", "Only"), ("needs", "Needs"), ("percent", "Percent")];

/// What the attributes of one field say.
#[derive(Default)]
pub struct FieldAttrs {
    /// A kind that overrides the one of the Rust type, as the name of a `Kind` variant.
    pub kind: Option<&'static str>,
    /// A kind of list instead of the plain one, as the name of a `Kind` variant; `kind` is then that of its items.
    pub list: Option<&'static str>,
    /// The texts of `known(...)`.
    pub known: Vec<String>,
    /// The TypeScript type of `ts("...")`.
    pub ts: Option<String>,
    /// `secret` was given.
    pub secret: bool,
    /// `serde(rename = "...")`.
    pub rename: Option<String>,
}

/// A condition between fields of a record.
pub enum RuleAttr {
    OneOf(Vec<String>),
    /// What holds for `field` where `when` is the text `is`, as the name of a `Rule` variant.
    Condition {
        rule: &'static str,
        field: String,
        when: String,
        is: String,
    },
}

impl FieldAttrs {
    pub fn of(field: &Field) -> Result<Self> {
        let mut out = Self::default();
        for attr in &field.attrs {
            if attr.path().is_ident("serde") {
                out.rename = out.rename.or(rename_of(attr)?);
            } else if attr.path().is_ident("shape") {
                for meta in attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
                    out.read(&meta)?;
                }
            }
        }
        Ok(out)
    }

    fn read(&mut self, meta: &Meta) -> Result<()> {
        let name = meta.path().require_ident()?.to_string();
        match name.as_str() {
            "known" => self.known = texts(&meta.require_list()?.tokens)?,
            "ts" => self.ts = Some(meta.require_list()?.parse_args::<LitStr>()?.value()),
            word => {
                match (variant(&KINDS, word), variant(&LISTS, word)) {
                    (Some(kind), _) => self.kind = Some(kind),
                    (None, Some(list)) => self.list = Some(list),
                    (None, None) if word == "secret" => self.secret = true,
                    (None, None) => {
                        let words = KINDS.iter().chain(&LISTS).map(|(word, _)| *word);
                        let words = words.chain(["secret", "known(...)", "ts(...)"]);
                        return Err(unknown("shape attribute", meta.path(), words));
                    }
                }
                meta.require_path_only()?;
            }
        }
        Ok(())
    }
}

/// The rules in the `#[shape(...)]` attributes of a record.
pub fn rules(attrs: &[Attribute]) -> Result<Vec<RuleAttr>> {
    let mut out = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("shape")) {
        for meta in attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
            let name = meta.path().require_ident()?.to_string();
            if name == "one_of" {
                out.push(RuleAttr::OneOf(texts(&meta.require_list()?.tokens)?));
            } else if let Some(rule) = variant(&CONDITIONS, &name) {
                let (field, when, is) = condition(meta.require_list()?.tokens.clone())?;
                out.push(RuleAttr::Condition { rule, field, when, is });
            } else {
                let words = CONDITIONS.iter().map(|(word, _)| *word);
                return Err(unknown("record rule", meta.path(), ["one_of"].into_iter().chain(words)));
            }
        }
    }
    Ok(out)
}

/// The variant of a word.
fn variant(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == word).map(|(_, variant)| *variant)
}

/// The error about a word that an attribute does not have; it names those that there are.
pub fn unknown<'a>(what: &str, word: impl ToTokens, words: impl Iterator<Item = &'a str>) -> syn::Error {
    let there_are = words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let message = format!("unknown {what} `{}`; there are {there_are}", word.to_token_stream());
    syn::Error::new_spanned(word, message)
}

/// The fields of the struct that a derive stands on.
pub fn named_fields<'a>(input: &'a DeriveInput, derive: &str) -> Result<&'a FieldsNamed> {
    match &input.data {
        Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) => Ok(fields),
        _ => Err(syn::Error::new_spanned(&input.ident, format!("{derive} is derived for structs with named fields"))),
    }
}

/// `"field", when = "value"`.
fn condition(tokens: TokenStream) -> Result<(String, String, String)> {
    struct Condition(String, String, String);
    impl syn::parse::Parse for Condition {
        fn parse(input: syn::parse::ParseStream<'_>) -> Result<Self> {
            let field: LitStr = input.parse()?;
            input.parse::<Token![,]>()?;
            let when: LitStr = input.parse()?;
            input.parse::<Token![=]>()?;
            let is: LitStr = input.parse()?;
            Ok(Self(field.value(), when.value(), is.value()))
        }
    }
    let Condition(field, when, is) = syn::parse2(tokens)?;
    Ok((field, when, is))
}

/// A list of text literals.
pub fn texts(tokens: &TokenStream) -> Result<Vec<String>> {
    struct Texts(Vec<String>);
    impl syn::parse::Parse for Texts {
        fn parse(input: syn::parse::ParseStream<'_>) -> Result<Self> {
            let list = Punctuated::<LitStr, Token![,]>::parse_terminated(input)?;
            Ok(Self(list.iter().map(LitStr::value).collect()))
        }
    }
    syn::parse2::<Texts>(tokens.clone()).map(|t| t.0)
}

/// The text of `#[serde(rename = "...")]`, if that is what the attribute says.
pub fn rename_of(attr: &Attribute) -> Result<Option<String>> {
    for meta in attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
        if let Meta::NameValue(pair) = &meta {
            if pair.path.is_ident("rename") {
                if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value {
                    return Ok(Some(text.value()));
                }
            }
        }
    }
    Ok(None)
}

/// `contact_id` to `contactId`, as serde's camelCase does.
pub fn camel_case(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.trim_start_matches("r#").chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// `BankTransfer` to `bank_transfer`, as serde's snake_case does.
pub fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The name of a field on the wire.
pub fn wire_name(field: &Field, attrs: &FieldAttrs) -> String {
    let ident = field.ident.as_ref().expect("named field").to_string();
    attrs.rename.clone().unwrap_or_else(|| camel_case(&ident))
}

/// The `T` of `Wrapper<T>`.
pub fn inner<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != wrapper {
        return None;
    }
    let PathArguments::AngleBracketed(args) = &last.arguments else {
        return None;
    };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{rules, FieldAttrs};
    use syn::{parse_quote, Attribute, Field};

    fn refused(attribute: Attribute) -> String {
        let mut field: Field = parse_quote!(a: String);
        field.attrs.push(attribute);
        FieldAttrs::of(&field).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_word_that_an_attribute_does_not_have_is_refused_with_those_that_it_has() {
        let error = refused(parse_quote!(#[shape(dat)]));
        assert!(error.starts_with("unknown shape attribute `dat`; there are `timestamp`, `date`, "), "{error}");
        assert!(error.ends_with("`filled`, `secret`, `known(...)`, `ts(...)`"), "{error}");
        let error = rules(&[parse_quote!(#[shape(onyl("a", "b" = "c"))])]).err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("unknown record rule `onyl`; there are `one_of`, `only`, `needs`, `percent`")
        );
    }

    #[test]
    fn an_attribute_takes_what_it_is_for() {
        assert_eq!(refused(parse_quote!(#[shape(id, filled, ts("Date"), known("a", "b"))])), "");
        for attribute in [
            parse_quote!(#[shape(ts("string", "Date"))]),
            parse_quote!(#[shape(ts())]),
            parse_quote!(#[shape(ts)]),
            parse_quote!(#[shape(date("2026-11-01"))]),
            parse_quote!(#[shape(known)]),
        ] {
            assert_ne!(refused(attribute), "");
        }
    }
}
