import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { CoopError } from '#node/errors'
import type { OutputOptions } from './output.ts'

/**
 * The words of a recovery kit: from a file (`-` is what is piped in), else from COOP_KIT, else typed by the person. Never from the command line,
 * which other users of a machine can read.
 */
export async function readKit(options: OutputOptions, file: string | undefined): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks).toString('utf8')
  }
  if (file !== undefined) {
    return readFile(file, 'utf8').catch((cause: unknown) => {
      throw new CoopError('path-unreadable', `cannot read ${file}`, 'Check the path of --kit-file.', cause)
    })
  }
  const words = process.env['COOP_KIT'] ?? ''
  if (words !== '') return words
  if (options.json || !process.stdin.isTTY) {
    const next = 'Set COOP_KIT to its 24 words, or name a file that holds them with --kit-file.'
    throw new CoopError('usage', 'the recovery kit is missing', next)
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question('recovery kit (24 words): ')
  } finally {
    terminal.close()
  }
}
