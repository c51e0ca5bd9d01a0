import { csvLine } from '#apps/shown-text'

/** Hands a file to the person, as the browser does with downloads. */
export function saveFile(name: string, type: string, parts: BlobPart[]): void {
  const address = URL.createObjectURL(new Blob(parts, { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // Long enough for the browser to have begun with it. A guess.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** Rows as lines of CSV. */
export function csvLines(rows: readonly (readonly string[])[]): string {
  return rows.map((it) => `${csvLine(it)}\r\n`).join('')
}

/** Hands lines of CSV to the person, the first being the names of the columns. */
export function saveCsv(name: string, lines: readonly string[]): void {
  saveFile(name, 'text/csv;charset=utf-8', [...lines])
}

/** A file's name of an event's: letters and digits, so that every system takes it. */
export function fileName(event: string, what: string, ending: string): string {
  const words = event
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return `${words === '' ? 'event' : words.slice(0, 40)}-${what}.${ending}`
}
