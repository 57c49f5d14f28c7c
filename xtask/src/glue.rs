//! What wasm-bindgen's glue does at its import, done at the start of the module instead: an import neither throws nor costs
//! anything. And what it takes for a compiled module.

use anyhow::{ensure, Result};

/// What the glue says, and what it is to say in its place. `text.js` is in `pkg-template/src/entries`.
const CHANGES: [(&str, &str); 4] = [
    (
        "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\ncachedTextDecoder.decode();\n",
        "let cachedTextDecoder;\n",
    ),
    ("const cachedTextEncoder = new TextEncoder();\n", "let cachedTextEncoder;\n"),
    (
        "function initSync(module) {\n",
        "function initSync(module) {\n    cachedTextDecoder ??= textDecoder({ ignoreBOM: true });\n    \
         cachedTextEncoder ??= textEncoder();\n",
    ),
    // The runtime may have compiled the module in another realm, as Next's edge runtime does when it runs in Node.
    (
        "    if (!(module instanceof WebAssembly.Module)) {\n",
        "    if (Object.prototype.toString.call(module) !== \"[object WebAssembly.Module]\") {\n",
    ),
];

/// How the glue renews the decoder, as Safari demands it.
const RENEWED: [&str; 2] = ["new TextDecoder('utf-8', { ignoreBOM: true })", "textDecoder({ ignoreBOM: true })"];

/// The glue with its text decoder and encoder made by `initSync`, and with others where the runtime has none.
pub fn started_late(glue: &str) -> Result<String> {
    let mut late = format!("import {{ textDecoder, textEncoder }} from \"./text.js\";\n{glue}");
    for (found, instead) in CHANGES {
        let count = late.matches(found).count();
        ensure!(
            count == 1,
            "the glue holds `{found}` {count} times instead of once; did wasm-bindgen change its output?"
        );
        late = late.replace(found, instead);
    }
    late = late.replace(RENEWED[0], RENEWED[1]);
    ensure!(!late.contains("new Text"), "the glue makes a text decoder or encoder in a way that is not known here");
    Ok(late)
}

#[cfg(test)]
mod tests {
    use super::{started_late, CHANGES, RENEWED};

    #[test]
    fn nothing_is_made_before_the_start() {
        let glue: String = CHANGES.iter().map(|(found, _)| *found).collect();
        let late = started_late(&format!("{glue}}}}}\n    cachedTextDecoder = {};\n", RENEWED[0])).unwrap();
        assert!(!late.contains("new "), "{late}");
        assert_eq!(late.matches("= textDecoder(").count(), 2, "{late}");
    }

    #[test]
    fn another_glue_is_refused() {
        let error = started_late("let decoder = new TextDecoder();").unwrap_err();
        assert!(error.to_string().contains("did wasm-bindgen change"), "{error}");
    }
}
