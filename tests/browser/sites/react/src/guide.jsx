export function Component() {
  return (
    <>
      <h1>Guide</h1>
      <p id="version">{import.meta.env.VITE_VERSION}</p>
    </>
  );
}
