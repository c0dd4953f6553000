// Loaded when the button is pressed. Its name changes with the version text.
export const version = import.meta.env.VITE_VERSION;
