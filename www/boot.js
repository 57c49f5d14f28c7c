// The app is imported here and not from the page, so that a package that does not load has someone to say so.
try {
    const { start } = await import("./app.js");
    await start();
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
