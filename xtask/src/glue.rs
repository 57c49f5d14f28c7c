//! What wasm-bindgen's glue does at its import, done at the start of the module instead: an import neither throws nor costs
//! anything.

use anyhow::{ensure, Result};

/// What stands at the top level, or is made there, and what stands in its place. `text.js` is in `pkg-template/src/entries`.
const LATE: [(&str, &str); 3] = [
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
];

/// How the glue renews the decoder, as Safari demands it.
const RENEWED: [&str; 2] = ["new TextDecoder('utf-8', { ignoreBOM: true })", "textDecoder({ ignoreBOM: true })"];

/// The glue with its text decoder and encoder made by `initSync`, and with others where the runtime has none.
pub fn started_late(glue: &str) -> Result<String> {
    let mut late = format!("import {{ textDecoder, textEncoder }} from \"./text.js\";\n{glue}");
    for (early, instead) in LATE {
        let count = late.matches(early).count();
        ensure!(
            count == 1,
            "the glue holds `{early}` {count} times instead of once; did wasm-bindgen change its output?"
        );
        late = late.replace(early, instead);
    }
    late = late.replace(RENEWED[0], RENEWED[1]);
    ensure!(!late.contains("new Text"), "the glue makes a text decoder or encoder in a way that is not known here");
    Ok(late)
}

#[cfg(test)]
mod tests {
    use super::{started_late, LATE, RENEWED};

    #[test]
    fn nothing_is_made_before_the_start() {
        let early: String = LATE.iter().map(|(early, _)| *early).collect();
        let late = started_late(&format!("{early}}}\n    cachedTextDecoder = {};\n", RENEWED[0])).unwrap();
        assert!(!late.contains("new "), "{late}");
        assert_eq!(late.matches("= textDecoder(").count(), 2, "{late}");
    }

    #[test]
    fn another_glue_is_refused() {
        let error = started_late("let decoder = new TextDecoder();").unwrap_err();
        assert!(error.to_string().contains("did wasm-bindgen change"), "{error}");
    }
}
