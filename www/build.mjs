// Bundles the page and the built package as any customer's bundler would: node www/build.mjs --out target/demo

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const PAGE = fileURLToPath(new URL(".", import.meta.url));
const TOOLS = fileURLToPath(new URL("../target/tools/npm/", import.meta.url));
/** The package that `cargo xtask build` leaves; another copy of it may be named. */
export const PACKAGE = process.env.GHL_PACKAGE ?? fileURLToPath(new URL("../pkg/", import.meta.url));

const CALLED = "ghl-payments";

/** What the page may do; `api` is where it sends its calls, if that is another origin, `apart` what else it may reach and frame. */
export function policy(api, { connect = [], frame = [] } = {}) {
    const own = /^https?:/.test(api ?? "") ? [new URL(api).origin] : [];
    return [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        `connect-src ${["'self'", ...own, ...connect].join(" ")}`,
        `frame-src ${["'self'", ...frame].join(" ")}`,
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
    ].join("; ");
}

/** Finds the package by its name, through its `exports`. */
const customer = {
    name: "package",
    setup({ onResolve, resolve }) {
        onResolve({ filter: new RegExp(`^${CALLED}(/|$)`) }, ({ path, kind, pluginData }) => {
            if (pluginData === CALLED) return undefined;
            return resolve(path, { kind, resolveDir: PACKAGE, pluginData: CALLED });
        });
    },
};

async function tool(name) {
    try {
        return (await import(createRequire(join(TOOLS, "package.json")).resolve(name))).default;
    } catch (error) {
        if (error.code !== "MODULE_NOT_FOUND") throw error;
        throw new Error(`${name} is missing: run \`cargo xtask setup\` first.`, { cause: error });
    }
}

/** Where the view Checkout finds a sandbox and a provider that are not in the page. */
export const apart = ({ sandbox, provider } = {}) =>
    sandbox === undefined ? {} : { connect: [new URL(sandbox).origin], frame: [new URL(provider).origin] };

/** What every bundle of the page has in common. */
const OPTIONS = {
    outdir: "out",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    write: false,
    metafile: true,
    legalComments: "none",
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    nodePaths: [join(TOOLS, "node_modules")],
    logLevel: "silent",
};

const VIEW = "checkout/checkout.js";
const FRAME = "checkout/pay.js";
const AGENCY = "agency/agency.js";

/** Where a source went. */
const entry = ({ outputs }, source) => basename(Object.keys(outputs).find((path) => outputs[path].entryPoint === source));

/** What only one view needs shares nothing with the rest, so that no file that the other views load grows or is split because of it. */
async function alone(esbuild, ...entryPoints) {
    const { outputFiles, metafile } = await esbuild.build({
        ...OPTIONS,
        absWorkingDir: PAGE,
        entryPoints,
        loader: { ".css": "text" },
        plugins: [customer],
    });
    return { metafile, files: outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]) };
}

/** The view Checkout and the payment page in its frame. */
async function checkout(esbuild) {
    const { metafile, files } = await alone(esbuild, VIEW, FRAME);
    const html = (await readFile(join(PAGE, "checkout/pay.html"), "utf8"))
        .replace("pay.js", entry(metafile, FRAME))
        .replace(/\n\s*/g, "\n");
    return {
        view: entry(metafile, VIEW),
        files: [...files, ["pay.html", Buffer.from(html)]],
    };
}

/** The view Agency. */
async function agency(esbuild) {
    const { metafile, files } = await alone(esbuild, AGENCY);
    return { view: entry(metafile, AGENCY), files };
}

/**
 * The files of the page, by name. `config` is what it reads first: `{ apiBase, locationId }`, or nothing for a sandbox of its own;
 * `checkout: { sandbox, provider }` are those of the view Checkout, `reach` what the page may reach because of them; with `agency` the
 * server of the page passes on what the view Agency asks.
 */
export async function bundle(config = {}, reach = apart(config.checkout)) {
    if (!existsSync(join(PACKAGE, "index.js"))) {
        throw new Error("pkg/index.js is missing: run `cargo xtask build` first.");
    }
    const esbuild = await tool("esbuild");
    const views = { [VIEW]: await checkout(esbuild), [AGENCY]: await agency(esbuild) };
    const lazy = {
        name: "lazy",
        setup({ onResolve }) {
            onResolve({ filter: /^\.\/(checkout\/checkout|agency\/agency)\.js$/ }, ({ path }) => ({ path: `./${views[path.slice(2)].view}`, external: true }));
        },
    };
    const { outputFiles, metafile } = await esbuild.build({
        ...OPTIONS,
        absWorkingDir: PAGE,
        entryPoints: ["boot.js", "style.css"],
        assetNames: "[name]-[hash]",
        loader: { ".svg": "dataurl", ".wasm": "file", ".min.css": "text" },
        plugins: [customer, lazy],
    });
    const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
    for (const [name, contents] of Object.values(views).flatMap(({ files }) => files)) files.set(name, contents);
    const output = (source) =>
        Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === source);
    const wasm = [...files.keys()].find((name) => name.endsWith(".wasm"));
    const preloads = [
        ...needs(metafile.outputs, output("app.js")).map(
            (path) => `<link rel="modulepreload" href="${basename(path)}" />`,
        ),
        ...[wasm, "config.json"].map((name) => `<link rel="preload" as="fetch" href="${name}" crossorigin />`),
    ];
    const html = (await readFile(join(PAGE, "index.html"), "utf8"))
        .replace("<!-- policy -->", `<meta http-equiv="Content-Security-Policy" content="${policy(config.apiBase, reach)}" />`)
        .replace("style.css", basename(output("style.css")))
        .replace("boot.js", basename(output("boot.js")))
        .replace("<!-- preload -->", preloads.join(""))
        .replaceAll("favicon.svg", await dataUrl("favicon.svg"))
        .replace(/\n\s*/g, "\n");
    files.set("index.html", Buffer.from(html));
    files.set("config.json", Buffer.from(JSON.stringify(config)));
    return files;
}

/** A picture that is smaller than the headers of its own request. */
async function dataUrl(name) {
    const svg = (await readFile(join(PAGE, name), "utf8")).replace(/\n\s*/g, " ").trim();
    return `data:image/svg+xml,${svg.replaceAll('"', "'").replace(/[<>#]/g, encodeURIComponent)}`;
}

/** A file and all that it imports at once. */
function needs(outputs, path, found = []) {
    if (found.includes(path)) return found;
    found.push(path);
    for (const { path: next, kind } of outputs[path].imports)
        if (kind === "import-statement") needs(outputs, next, found);
    return found;
}

export function tagOf(bytes) {
    return createHash("sha256").update(bytes).digest("base64url").slice(0, 16);
}

async function main() {
    const { values } = parseArgs({
        options: Object.fromEntries(
            ["out", "api", "location", "sandbox", "provider"].map((name) => [name, { type: "string" }]),
        ),
    });
    if (!values.out || !values.api !== !values.location || !values.sandbox !== !values.provider) {
        throw new Error("usage: node www/build.mjs --out FOLDER [--api BASE-URL-OF-YOUR-PROXY --location LOCATION-ID] [--sandbox URL --provider URL]");
    }
    const out = resolve(values.out);
    if (existsSync(out) && !existsSync(join(out, "config.json"))) {
        throw new Error(`${out} holds something else than the demo: choose another folder`);
    }
    const { api, location, sandbox, provider } = values;
    const files = await bundle({
        ...(api && { apiBase: api, locationId: location }),
        ...(sandbox && { checkout: { sandbox, provider } }),
    });
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(out, name), bytes);
    console.log(`${files.size} files in ${values.out}`);
}

if (
    process.argv[1] &&
    dirname(resolve(process.argv[1])) === resolve(PAGE) &&
    basename(process.argv[1]) === "build.mjs"
) {
    await main().catch((error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
