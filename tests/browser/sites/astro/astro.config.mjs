import { defineConfig } from 'astro/config';

export default defineConfig({
  // A page is asked for when its link is followed, not when the pointer is over it: what was asked
  // for early is given up when it comes late, which reads like a failure.
  prefetch: false,
  vite: {
    envPrefix: 'VITE_', // as in the sites that Vite builds itself
  },
});
