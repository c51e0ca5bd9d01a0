import { readUtf8, replaceHidden } from '../../encoding/index.ts'
import { readCsv, unguardFormula } from './csv.ts'
import type { CsvRefusal } from './csv.ts'

/** Bytes of a file that is imported: the most that a body of the HTTP API holds. */
export const IMPORT_BYTES_MAX = 4_194_304
/** Lines of a file that is imported, the header left out. A guess: each becomes an entry that everybody keeps. */
export const IMPORT_ROWS_MAX = 10_000
/** Errors that are told at once: enough to mend a file in one go. A guess. */
export const IMPORT_ERRORS_MAX = 100

/** Why a file is not imported. Stable: apps translate these for people. */
export type ImportFileRefusal =
  | CsvRefusal
  | 'import-too-large'
  | 'import-not-utf8'
  | 'import-empty'
  | 'import-rows'
  | 'import-column-unknown'
  | 'import-column-twice'
  | 'import-column-missing'
  | 'import-fields'
  | 'import-hidden'

/** What is wrong where, and what to write instead. */
export interface FileError<Refusal extends string> {
  /** Line of the file from 1; 0 for the file as a whole. */
  line: number
  /** Column from 1 and its name; 0 and empty for the line as a whole. */
  column: number
  columnName: string
  refusal: Refusal
  message: string
}

/** A line of the file by column name; a column that the file lacks is empty. */
export interface ImportRow {
  line: number
  /** The text of a column, blanks around it taken away. */
  text(name: string): string
  /** Where the column is, from 1; 0 where the file lacks it. */
  columnOf(name: string): number
}

/** What a file must have: the names that columns may have, and those that cannot be missing (one of each list). */
export interface ImportColumns {
  allowed: readonly string[]
  needed: readonly (readonly string[])[]
}

/** The lines of the file and all that is wrong with its form. Lines with errors are left out. */
export interface ImportFile {
  rows: ImportRow[]
  errors: FileError<ImportFileRefusal>[]
}

/**
 * Reads a CSV file of a person or a spreadsheet: UTF-8 with or without byte order mark, any line ends, separated by comma, semicolon or tab (whichever the
 * first line has most of, or as a first line `sep=;` says), columns in any order. Lines without text are left out. Never throws.
 */
export function readImportFile(bytes: Uint8Array, columns: ImportColumns): ImportFile {
  if (bytes.length > IMPORT_BYTES_MAX) {
    return failed('import-too-large', `import at most ${IMPORT_BYTES_MAX} bytes at once: split the file`)
  }
  const decoded = readUtf8(bytes, 0, bytes.length)
  if (decoded === null) {
    return failed('import-not-utf8', 'save the file as CSV in UTF-8 (in a spreadsheet: "CSV UTF-8")')
  }
  const { text, separator, firstLine } = opened(decoded)
  const errors: FileError<ImportFileRefusal>[] = []
  const rows: ImportRow[] = []
  let header: Header | null = null
  for (const step of readCsv(text, separator, firstLine)) {
    if (errors.length >= IMPORT_ERRORS_MAX) break
    if (!step.ok) {
      const { line, column, refusal, message } = step
      errors.push({ line, column, columnName: header?.names[column - 1] ?? '', refusal, message })
      break
    }
    const { line, fields } = step.record
    const texts = fields.map((field) => unguardFormula(field.trim()))
    if (texts.every((field) => field === '')) continue
    if (header === null) {
      header = headerOf(texts, columns, line, errors)
      if (errors.length > 0) break
      continue
    }
    if (rows.length === IMPORT_ROWS_MAX) {
      const message = `import at most ${IMPORT_ROWS_MAX} lines at once: split the file`
      errors.push({ line, column: 0, columnName: '', refusal: 'import-rows', message })
      break
    }
    const error = fieldsError(texts, header, line)
    if (error === null) rows.push(rowOf(texts, header, line))
    else errors.push(error)
  }
  if (header === null && errors.length === 0) {
    return failed('import-empty', `begin the file with a line of column names: ${columns.allowed.join(',')}`)
  }
  return { rows, errors }
}

interface Header {
  names: string[]
  columns: ReadonlyMap<string, number>
}

function failed(refusal: ImportFileRefusal, message: string): ImportFile {
  return { rows: [], errors: [{ line: 0, column: 0, columnName: '', refusal, message }] }
}

function opened(decoded: string): { text: string; separator: string; firstLine: number } {
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded
  const told = /^"?sep=([,;\t])"?(?:\r\n|\n|\r)/i.exec(text)
  if (told !== null) return { text: text.slice(told[0].length), separator: told[1] ?? ',', firstLine: 2 }
  // The first line with text; cut, since a file may have no line ends at all.
  const first = /[^\r\n]{1,4096}/.exec(text)?.[0] ?? ''
  const counts = [',', ';', '\t'].map((separator) => ({ separator, count: first.split(separator).length }))
  counts.sort((a, b) => b.count - a.count)
  return { text, separator: counts[0]?.separator ?? ',', firstLine: 1 }
}

function headerOf(
  texts: readonly string[],
  { allowed, needed }: ImportColumns,
  line: number,
  errors: FileError<ImportFileRefusal>[],
): Header {
  const names = texts.map((text) => text.toLowerCase())
  const columns = new Map<string, number>()
  for (const [i, name] of names.entries()) {
    const isTail = name === '' && names.slice(i).every((it) => it === '')
    if (isTail) break
    const at = { line, column: i + 1, columnName: shown(name) }
    if (!allowed.includes(name)) {
      const message = `write a name out of ${allowed.join(', ')}`
      errors.push({ ...at, refusal: 'import-column-unknown', message })
    } else if (columns.has(name)) {
      errors.push({ ...at, refusal: 'import-column-twice', message: `leave one of the columns ${name} out` })
    } else columns.set(name, i + 1)
  }
  for (const names of needed) {
    if (names.some((name) => columns.has(name))) continue
    const message = `add a column ${names.join(' or ')}`
    errors.push({ line, column: 0, columnName: names[0] ?? '', refusal: 'import-column-missing', message })
  }
  return { names, columns }
}

function fieldsError(
  texts: readonly string[],
  header: Header,
  line: number,
): FileError<ImportFileRefusal> | null {
  const count = header.names.length
  const isOver = texts.slice(count).some((text) => text !== '')
  if (texts.length < count || isOver) {
    const message = `write ${count} fields, as the first line has; a separator inside a field needs quotes around the field`
    return { line, column: 0, columnName: '', refusal: 'import-fields', message }
  }
  for (const [i, text] of texts.entries()) {
    const hidden = hiddenIn(text)
    if (hidden === null) continue
    const message =
      hidden === '\n' || hidden === '\r'
        ? 'write the field on one line'
        : `delete the hidden character ${codeOf(hidden)} and what it stands in, and type it again`
    return { line, column: i + 1, columnName: header.names[i] ?? '', refusal: 'import-hidden', message }
  }
  return null
}

function rowOf(texts: readonly string[], { columns }: Header, line: number): ImportRow {
  const columnOf = (name: string): number => columns.get(name) ?? 0
  return { line, columnOf, text: (name) => texts[columnOf(name) - 1] ?? '' }
}

function hiddenIn(text: string): string | null {
  let found: string | null = null
  replaceHidden(text, (character) => {
    found ??= character
    return character
  })
  return found
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function shown(name: string): string {
  return replaceHidden(name.slice(0, 64), codeOf)
}
