import type { Json } from './board-document.ts'

/** A value of a board as text for reading and editing: strings as they are, the rest as JSON. */
export function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * What a person means who typed `text` over `previous`. Text stays text (`4.50` keeps its zero); a field
 * that a program filled with a number, list or truth value keeps that kind as long as the text is one.
 */
export function valueFrom(text: string, previous: Json | undefined): Json {
  if (previous === undefined || typeof previous === 'string') return text
  try {
    const parsed = JSON.parse(text) as Json
    return kindOf(parsed) === kindOf(previous) || previous === null ? parsed : text
  } catch {
    return text
  }
}

function kindOf(value: Json): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
}
