import { useParams } from 'react-router-dom';

export function Component() {
  return (
    <>
      <h1>Team: {useParams().name}</h1>
      <p id="version">{import.meta.env.VITE_VERSION}</p>
    </>
  );
}
