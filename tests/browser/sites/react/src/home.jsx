import { useState } from 'react';

export function Home() {
  const [lazy, setLazy] = useState('');
  const load = () =>
    import('./lazy.js').then(
      ({ version }) => setLazy(version),
      (error) => setLazy(`not loaded: ${error.message}`),
    );
  return (
    <>
      <h1>Home</h1>
      <p id="version">{import.meta.env.VITE_VERSION}</p>
      <button id="load" onClick={load}>
        Load the rest
      </button>
      <p id="lazy">{lazy}</p>
    </>
  );
}
