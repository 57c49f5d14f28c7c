//! Reads the `#[shape(...)]` and `#[serde(...)]` attributes of fields and records.

use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Field, GenericArgument, Lit, LitStr, Meta, PathArguments, Result, Token, Type};

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
    Only { field: String, when: String, is: String },
    Needs { field: String, when: String, is: String },
    Percent { field: String, when: String, is: String },
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
            "timestamp" => self.kind = Some("Timestamp"),
            "date" => self.kind = Some("Date"),
            "https" => self.kind = Some("Https"),
            "slug" => self.kind = Some("Slug"),
            "id" => self.kind = Some("Id"),
            "count" => self.kind = Some("Count"),
            "amount" => self.kind = Some("Amount"),
            "positive" => self.kind = Some("Positive"),
            "whole" => self.kind = Some("Whole"),
            "text_or_list" => self.kind = Some("TextOrList"),
            "one_or_list" => self.list = Some("OneOrList"),
            "filled" => self.list = Some("Filled"),
            "secret" => self.secret = true,
            "known" => self.known = texts(&meta.require_list()?.tokens)?,
            "ts" => self.ts = texts(&meta.require_list()?.tokens)?.pop(),
            other => return Err(syn::Error::new_spanned(meta, format!("unknown shape attribute `{other}`"))),
        }
        Ok(())
    }
}

/// The rules in the `#[shape(...)]` attributes of a record.
pub fn rules(attrs: &[Attribute]) -> Result<Vec<RuleAttr>> {
    let mut out = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("shape")) {
        for meta in attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
            let tokens = meta.require_list()?.tokens.clone();
            match meta.path().require_ident()?.to_string().as_str() {
                "one_of" => out.push(RuleAttr::OneOf(texts(&tokens)?)),
                "only" => {
                    let (field, when, is) = condition(tokens)?;
                    out.push(RuleAttr::Only { field, when, is });
                }
                "needs" => {
                    let (field, when, is) = condition(tokens)?;
                    out.push(RuleAttr::Needs { field, when, is });
                }
                "percent" => {
                    let (field, when, is) = condition(tokens)?;
                    out.push(RuleAttr::Percent { field, when, is });
                }
                other => return Err(syn::Error::new_spanned(&meta, format!("unknown record rule `{other}`"))),
            }
        }
    }
    Ok(out)
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
