import { defineConfig } from 'vitepress';

export default defineConfig({
  title: 'VitePress',
  outDir: './dist',
  // The chunk of a page is loaded when its link is followed, not when the link is in sight.
  router: { prefetchLinks: false },
  themeConfig: {
    nav: [
      { text: 'Home', link: '/' },
      { text: 'Guide', link: '/guide' },
    ],
  },
});
