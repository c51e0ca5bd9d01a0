import { replaceHidden } from '../../encoding/index.ts'

/** One record of RFC 4180, with its line end. Numbers stay bare, all texts are quoted. */
export function csvRecord(fields: readonly (string | number | CsvNumber)[]): string {
  const written = fields.map((field) =>
    typeof field === 'string' ? `"${PLAIN.test(field) ? field : escaped(field)}"` : String(field),
  )
  return `${written.join(',')}\r\n`
}

/** Most texts are keys, ids and times, in which there is nothing to guard. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9 .:_-]*$/

function escaped(field: string): string {
  return guardFormula(shownLine(field)).replaceAll('"', '""')
}

/** A decimal number as text, such as `-12.50`: written without quotes and never taken for a formula. */
export class CsvNumber {
  readonly #text: string

  constructor(text: string) {
    if (!/^-?[0-9]+(?:\.[0-9]+)?$/.test(text)) throw new RangeError(`no number: ${text}`)
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** One line of text without anything hidden: blanks for line ends and tabs, U+FFFD for other control, format and bidirectional characters. */
export function shownLine(text: string): string {
  return replaceHidden(text, (character) =>
    /[\t\n\v\f\r\u0085\u2028\u2029]/.test(character) ? ' ' : '\ufffd',
  )
}

/**
 * Spreadsheets take a cell that begins with one of `= + - @` (or their full-width forms) for a formula. An apostrophe before it makes it a
 * text. Also behind a separator inside a text, for a spreadsheet that separates by another one than the file does. What begins with
 * an apostrophe gets a further one, so that `unguardFormula` gives back any text.
 */
export function guardFormula(text: string): string {
  return text.replaceAll(/((?:^|[;,\t\r\n|])[\s"]*)(?=['=+\-@＝＋－＠])/gu, "$1'")
}

/** Takes away the apostrophes that `guardFormula` put there. */
export function unguardFormula(text: string): string {
  return text.replaceAll(/((?:^|[;,\t\r\n|])[\s"]*)'(?=['=+\-@＝＋－＠])/gu, '$1')
}

/** Why a text is no CSV. Stable: apps translate these for people. */
export type CsvRefusal = 'csv-quote' | 'csv-unclosed' | 'csv-columns' | 'csv-field'

/** A record with the line of the file on which it begins, from 1. */
export interface CsvLine {
  line: number
  fields: string[]
}

/** A record, or where and why the text is none: then it is the last. */
export type CsvStep =
  | { ok: true; record: CsvLine }
  | { ok: false; line: number; column: number; refusal: CsvRefusal; message: string }

/** Columns of one record, and characters of one field: far above what an import has, so that a wrong file ends early. Guesses. */
export const CSV_COLUMNS_MAX = 64
export const CSV_FIELD_LENGTH_MAX = 4_096

/**
 * Reads RFC 4180 with any one-character separator: line ends LF, CRLF or CR, quoted fields with doubled quotes and line ends inside. Empty
 * lines are left out. Linear in the text; stops at the first error. Never throws.
 */
export function* readCsv(text: string, separator: string, firstLine = 1): Generator<CsvStep, void, void> {
  const reader = new CsvReader(text, separator, firstLine)
  for (let step = reader.next(); step !== null; step = reader.next()) {
    yield step
    if (!step.ok) return
  }
}

class CsvReader {
  readonly #text: string
  readonly #separator: string
  #at = 0
  #line: number

  constructor(text: string, separator: string, firstLine: number) {
    this.#text = text
    this.#separator = separator
    this.#line = firstLine
  }

  /** The next record that is not empty, the refusal, or null at the end. */
  next(): CsvStep | null {
    while (this.#at < this.#text.length) {
      const line = this.#line
      const step = this.#record(line)
      if (!step.ok || step.record.fields.length > 1 || step.record.fields[0] !== '') return step
    }
    return null
  }

  #record(line: number): CsvStep {
    const fields: string[] = []
    for (;;) {
      const field = this.#text[this.#at] === '"' ? this.#quoted() : this.#bare()
      const column = fields.length + 1
      if (typeof field !== 'string') return { ok: false, line: this.#line, column, ...field }
      if (field.length > CSV_FIELD_LENGTH_MAX) {
        const message = `write at most ${CSV_FIELD_LENGTH_MAX} characters in one field`
        return { ok: false, line, column, refusal: 'csv-field', message }
      }
      fields.push(field)
      if (this.#text[this.#at] !== this.#separator) {
        this.#endLine()
        return { ok: true, record: { line, fields } }
      }
      this.#at += 1
      if (fields.length === CSV_COLUMNS_MAX) {
        const message = `write at most ${CSV_COLUMNS_MAX} columns`
        return { ok: false, line, column, refusal: 'csv-columns', message }
      }
    }
  }

  #bare(): string | Fault {
    const start = this.#at
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at]
      if (character === this.#separator || character === '\n' || character === '\r') break
      if (character === '"') {
        return {
          refusal: 'csv-quote',
          message: 'put the whole field in quotes, and write a quote inside it as ""',
        }
      }
    }
    return this.#text.slice(start, this.#at)
  }

  #quoted(): string | Fault {
    const opened = this.#line
    const parts: string[] = []
    this.#at += 1
    for (;;) {
      const end = this.#text.indexOf('"', this.#at)
      if (end < 0) {
        this.#line = opened
        return { refusal: 'csv-unclosed', message: 'close the quotes of this field' }
      }
      const part = this.#text.slice(this.#at, end)
      this.#line += lineEnds(part)
      parts.push(part)
      this.#at = end + 1
      if (this.#text[this.#at] !== '"') break
      parts.push('"')
      this.#at += 1
    }
    const next = this.#text[this.#at]
    if (next === undefined || next === this.#separator || next === '\n' || next === '\r')
      return parts.join('')
    return {
      refusal: 'csv-quote',
      message: 'put the whole field in quotes, and write a quote inside it as ""',
    }
  }

  #endLine(): void {
    if (this.#at >= this.#text.length) return
    this.#at += this.#text.startsWith('\r\n', this.#at) ? 2 : 1
    this.#line += 1
  }
}

interface Fault {
  refusal: CsvRefusal
  message: string
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0
}
