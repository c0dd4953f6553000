import { show } from './shared.js';

show('script', import.meta.env.VITE_VERSION);
show('shared', 'shared code ran');

document.getElementById('load').addEventListener('click', async () => {
  try {
    const { version } = await import('./lazy.js');
    show('lazy', version);
  } catch (error) {
    show('lazy', `not loaded: ${error.message}`);
  }
});
