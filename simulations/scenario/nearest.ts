/** The candidate that is closest to a word by edits, if it is close enough to be what was meant; else null. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null
  // Two thirds of a word may be wrong in short names, a third in long ones; a guess that suits keys and scenario names.
  let limit = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < limit) [best, limit] = [candidate, edits]
  }
  return best
}

/** Edits between two words: letters put in, left out or changed (V. Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
