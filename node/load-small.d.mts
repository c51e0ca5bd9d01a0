/** Loads modules without letting V8's young generation grow (load-small.mjs). */
export function loadSmall<T>(load: () => Promise<T>): Promise<T>
