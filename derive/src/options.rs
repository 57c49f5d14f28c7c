//! `#[derive(Options)]`: the TypeScript of the options that are plain data.

use crate::attrs::{named_fields, unknown, wire_name, FieldAttrs};
use crate::model::{documentation, section, ts_of};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Field, LitStr, Result};

/// An interface of the module's declarations: its name, the constant that holds it, and what it is.
struct Interface {
    name: &'static str,
    constant: &'static str,
    docs: &'static str,
    fields: String,
}

impl Interface {
    const fn new(name: &'static str, constant: &'static str, docs: &'static str) -> Self {
        Self { name, constant, docs, fields: String::new() }
    }

    /// Appends a field whose documentation has these lines, as rustc keeps them: each begins with a space.
    fn push(&mut self, name: &str, ts: &str, docs: &str) {
        let docs = match docs.trim_end() {
            one if !one.contains('\n') => format!("    /**{one} */\n"),
            lines => format!("    /**\n     *{}\n     */\n", lines.replace('\n', "\n     *")),
        };
        self.fields.push_str(&format!("{docs}    {name}?: {ts};\n"));
    }
}

/// Whose option it is.
#[derive(Clone, Copy)]
enum Owner {
    Once,
    Call,
    Both,
    Client,
}

/// What `#[option(...)]` says of a field.
struct OptionAttrs {
    owner: Owner,
    /// `call = "..."`: what it means to a call, where a client has it as well.
    call: Option<String>,
    /// `facade`: its type is written in the facade.
    facade: bool,
}

impl OptionAttrs {
    fn of(field: &Field) -> Result<Self> {
        let (mut owners, mut call, mut facade) = (Vec::new(), None, false);
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("option")) {
            attr.parse_nested_meta(|meta| {
                let name = meta.path.require_ident()?.to_string();
                match name.as_str() {
                    "facade" => facade = true,
                    "call" if meta.input.peek(syn::Token![=]) => {
                        call = Some(format!(" {}", meta.value()?.parse::<LitStr>()?.value()));
                    }
                    "once" => owners.push(Owner::Once),
                    "call" => owners.push(Owner::Call),
                    "both" => owners.push(Owner::Both),
                    "client" => owners.push(Owner::Client),
                    _ => {
                        let words = ["once", "call", "both", "client", "facade", "call = \"...\""];
                        return Err(unknown("option attribute", meta.path, words.into_iter()));
                    }
                }
                Ok(())
            })?;
        }
        let [owner] = owners[..] else {
            let message =
                "it must say once whose option it is: #[option(once)], #[option(call)], #[option(client)] or, \
                where a call overrides the client's, #[option(both)]";
            return Err(syn::Error::new_spanned(field, message));
        };
        Ok(Self { owner, call, facade })
    }
}

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = named_fields(input, "Options")?;
    let sections = interfaces(fields.named.iter())?.map(|Interface { name, constant, docs, fields }| {
        section(constant, &format!("/** {docs} @internal */\nexport interface {name} {{\n{fields}}}\n"))
    });
    Ok(quote!(#(#sections)*))
}

fn interfaces<'a>(fields: impl Iterator<Item = &'a Field>) -> Result<[Interface; 3]> {
    let mut client = Interface::new("PlainClientOptions", "TS_CLIENT", "The options of a client that are plain data.");
    let mut call = Interface::new("PlainCallOptions", "TS_CALL", "The options of a call that are plain data.");
    let mut once = Interface::new("PlainOnceOptions", "TS_ONCE", "What only a payment that is recorded once is told.");
    for field in fields {
        let (option, attrs) = (OptionAttrs::of(field)?, FieldAttrs::of(field)?);
        if option.facade {
            continue;
        }
        let docs = documentation(&field.attrs, "\n")?;
        let wrong = |message: &str| Err(syn::Error::new_spanned(field, message));
        if docs.is_empty() {
            return wrong(
                "an option is documented here, for TypeScript as well; one of the facade has #[option(facade)]",
            );
        }
        let (name, ts) = (wire_name(field, &attrs), ts_of(field, &attrs)?);
        match (option.owner, option.call) {
            (Owner::Once, None) => once.push(&name, &ts, &docs),
            (Owner::Call, None) => call.push(&name, &ts, &docs),
            (Owner::Client, None) => client.push(&name, &ts, &docs),
            (Owner::Both, Some(of_call)) => {
                client.push(&name, &ts, &docs);
                call.push(&name, &ts, &of_call);
            }
            (Owner::Both, None) => return wrong("what it means to a call is missing: add #[option(call = \"...\")]"),
            (_, Some(_)) => {
                return wrong("#[option(call = \"...\")] is for an option that a client has as well: #[option(both)]")
            }
        }
    }
    Ok([client, call, once])
}

#[cfg(test)]
mod tests {
    use super::{interfaces, Interface};
    use syn::{parse_quote, Field, Fields, ItemStruct, Result};

    fn of(item: &ItemStruct) -> Result<[Interface; 3]> {
        let Fields::Named(fields) = &item.fields else { panic!("named fields") };
        interfaces(fields.named.iter())
    }

    #[test]
    fn a_plain_option_is_a_documented_field_of_whoever_has_it() {
        let [client, call, once] = of(&parse_quote! {
            struct Options {
                /// Its name.
                ///
                /// Random when left out.
                #[option(once)]
                reference: Option<String>,
                #[option(call, facade)]
                signal: Option<Value>,
                /// Milliseconds; default 5.
                #[option(both, call = "Milliseconds.")]
                #[shape(positive)]
                timeout_ms: Option<f64>,
                /// The version.
                #[option(client)]
                #[shape(known("v2", "v3"))]
                api_version: Option<String>,
            }
        })
        .unwrap();
        let version = "    /** The version. */\n    apiVersion?: \"v2\" | \"v3\" | (string & {});\n";
        assert_eq!(client.fields, format!("    /** Milliseconds; default 5. */\n    timeoutMs?: number;\n{version}"));
        assert_eq!(call.fields, "    /** Milliseconds. */\n    timeoutMs?: number;\n");
        let reference =
            "    /**\n     * Its name.\n     *\n     * Random when left out.\n     */\n    reference?: string;\n";
        assert_eq!(once.fields, reference);
    }

    #[test]
    fn an_option_that_says_too_little_or_too_much_is_refused() {
        let refused = |field: Field| {
            let item = parse_quote!(struct Options { #field });
            of(&item).err().map(|error| error.to_string()).unwrap_or_default()
        };
        let undocumented = refused(parse_quote!(#[option(client)] a: Option<bool>));
        assert!(undocumented.contains("documented here"), "{undocumented}");
        let odd = refused(parse_quote!(#[doc = " A."] #[option(client)] a: Option<[u8; 4]>));
        assert!(odd.contains("its type in TypeScript"), "{odd}");
        let half = refused(parse_quote!(#[doc = " A."] #[option(both)] a: Option<bool>));
        assert!(half.contains("call = \"...\""), "{half}");
        let twice = refused(parse_quote!(#[doc = " A."] #[option(client, call = "B.")] a: Option<bool>));
        assert!(twice.contains("a client has as well"), "{twice}");
        let unknown = refused(parse_quote!(#[doc = " A."] #[option(server)] a: Option<bool>));
        let words = "`once`, `call`, `both`, `client`, `facade`, `call = \"...\"`";
        assert_eq!(unknown, format!("unknown option attribute `server`; there are {words}"));
        let nobody = "whose option it is: #[option(once)], #[option(call)], #[option(client)]";
        for field in [
            parse_quote!(#[doc = " A."] a: Option<bool>),
            parse_quote!(#[doc = " A."] #[option(call)] #[option(client)] a: Option<bool>),
            parse_quote!(#[option(facade)] a: Option<bool>),
        ] {
            let refused = refused(field);
            assert!(refused.contains(nobody), "{refused}");
        }
    }
}
