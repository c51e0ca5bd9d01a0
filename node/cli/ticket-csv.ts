import { rename, rm, writeFile } from 'node:fs/promises'
import { csvLine } from '#apps/shown-text'
import type { TicketView } from '#node/host'
import { CoopError, systemCode } from '#node/errors'
import type { Globals } from './main.ts'
import { printResult } from './output.ts'

/** Tickets as CSV; of those that do not say so themselves the class is `className`, and they are valid. */
export function ticketCsv(
  tickets: readonly (TicketView & { className?: string; state?: string })[],
  className = '',
): string {
  const lines = tickets.map((it) =>
    csvLine([
      ...[it.number, it.className ?? className, it.group, it.code, it.text],
      ...[it.state ?? 'valid', it.commitment],
    ]),
  )
  return `${['number,class,group,code,ticket,state,commitment', ...lines].join('\r\n')}\r\n`
}

/** With --json the standard output is for the result: a file needs another place. */
export function needPlace(globals: Globals, file: string | undefined): void {
  if (file !== '-' || !globals.json) return
  throw new CoopError(
    'usage',
    'with --json, stdout is for the result: the file needs another place',
    'Give a path.',
  )
}

/** Writes a file, which appears whole or not at all; `-` is the standard output. */
export async function writeText(globals: Globals, file: string, text: string, result: object): Promise<void> {
  if (file === '-') {
    process.stdout.write(text)
    return
  }
  const partial = `${file}.${process.pid}.part`
  try {
    await writeFile(partial, text)
    await rename(partial, file)
  } catch (cause) {
    await rm(partial, { force: true })
    throw new CoopError(
      'path-unreadable',
      `cannot write ${file} (${systemCode(cause) ?? 'unknown'})`,
      'Choose another path.',
      cause,
    )
  }
  printResult(globals, { output: file, ...result }, `written to ${file}`)
}
