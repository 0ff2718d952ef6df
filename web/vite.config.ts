import { defineConfig } from "vite";

// The files are embedded in the program, so their names are fixed: the server answers by a table of
// names, and a check compares a fresh build with the files in the tree, byte for byte.
export default defineConfig({
  base: "/",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2021",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        entryFileNames: "page.js",
        assetFileNames: "page.[ext]",
        inlineDynamicImports: true,
      },
    },
  },
  server: { proxy: { "/api": process.env.LABELQA_PAGE ?? "http://127.0.0.1:8080" } },
});
