// The app is imported here and not from the page, so that a package that does not load has someone to say so.

import core from "ghl-payments/core.wasm";

async function read(path) {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return response;
}

try {
    // The wasm is compiled, and the account asked for, while the app is still on its way.
    const [{ start }, module, config] = await Promise.all([
        import("./app.js"),
        read(core).then(async (response) => WebAssembly.compile(await response.arrayBuffer())),
        read("config.json").then((response) => response.json()),
    ]);
    await start(module, config);
} catch (error) {
    console.error(error);
    const notice = document.createElement("div");
    const title = document.createElement("h1");
    const text = document.createElement("p");
    notice.className = "notice red";
    notice.setAttribute("role", "alert");
    title.textContent = "The page could not start";
    text.textContent = `${error}. Is the package built (cargo xtask build) and the server of this page still running?`;
    notice.append(title, text);
    document.getElementById("main").replaceChildren(notice);
}
