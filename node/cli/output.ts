import { EXIT_CODES, FileInvalid, asCoopError, faultPlace } from '#node/errors'
import type { CoopError } from '#node/errors'
import { shownText } from '#apps/shown-text'

/** How a command was asked to answer. */
export interface OutputOptions {
  json: boolean
}

/** Prints a command's one result: JSON on stdout, or text for people. */
export function printResult(options: OutputOptions, value: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${text}\n`)
}

/** Prints a failure and sets the exit code that stands for it. */
export function printError(options: OutputOptions, cause: unknown): void {
  const error = asCoopError(cause)
  process.exitCode = EXIT_CODES[error.code]
  if (options.json) process.stdout.write(`${JSON.stringify(error.toJSON())}\n`)
  else
    process.stderr.write(
      `${paint('31', 'error')} ${safe(error.message)}\n${faultsText(error)}${paint('2', '→')} ${safe(error.next)}\n`,
    )
}

/** What is wrong in each line of a file, where it is more than one. */
function faultsText(error: CoopError): string {
  if (!(error instanceof FileInvalid) || error.lines.length < 2) return ''
  return error.lines
    .map((it) => `  ${it.line === 0 ? '' : `${faultPlace(it)}: `}${it.message}`)
    .map((line) => `${safe(line)}\n`)
    .join('')
}

/** Text from other people, for a terminal: control and direction characters, and look-alikes, are written out. */
export function safe(text: string): string {
  return shownText(text)
}

/** `text` in a colour (an SGR code) where a person reads it on a terminal. */
export function paint(code: string, text: string): string {
  const isPlain = process.env['NO_COLOR'] !== undefined || !process.stderr.isTTY || !process.stdout.isTTY
  return isPlain ? text : `\u001B[${code}m${text}\u001B[0m`
}

/** A table with aligned columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(safe))
  const widths = head.map((name, i) => Math.max(name.length, ...shown.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return [paint('1', line(head)), ...shown.map(line)].join('\n')
}

/** Bytes for people: 1.5 MiB. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** One line that is rewritten while work goes on; silent where nobody watches. */
export class ProgressLine {
  readonly #isShown: boolean

  constructor(options: OutputOptions) {
    this.#isShown = !options.json && process.stderr.isTTY
  }

  show(text: string): void {
    if (this.#isShown)
      process.stderr.write(`\r\u001B[2K${safe(text).slice(0, (process.stderr.columns ?? 80) - 1)}`)
  }

  clear(): void {
    if (this.#isShown) process.stderr.write('\r\u001B[2K')
  }
}
