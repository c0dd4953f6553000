// Both pages import it, so that it becomes a chunk of its own; it is the same in every version.
export function show(id, text) {
  document.getElementById(id).textContent = text;
}
