import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const page = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  build: {
    assetsInlineLimit: 0, // the small picture must be a file
    rollupOptions: { input: { home: page('./index.html'), about: page('./about/index.html') } },
  },
});
