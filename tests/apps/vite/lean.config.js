export default { build: { outDir: "lean", rollupOptions: { input: "lean.js" } } };
