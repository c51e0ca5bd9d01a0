import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CoopError, systemCode } from '#node/errors'
import type { FindingLog } from '#node/findings'

/** Layout of the data folder. A folder of another number is refused, never touched. */
export const FOLDER_FORMAT = 2

/** Content of the file `format`: the number, and a checksum, so that a flipped bit does not make it another number. */
export function formatText(format: number): string {
  return `${format} ${checkOf(format)}\n`
}

/**
 * Refuses a folder of another format. A damaged `format` file is passed over where `store.settings`, which names the
 * format as well, is whole.
 */
export async function checkFormat(path: string, findings: FindingLog): Promise<void> {
  const text = await readText(join(path, 'format'))
  if (text === null) return
  const format = readFormat(text)
  if (format === FOLDER_FORMAT) return
  if (format === null) {
    if ((await formatOfSettings(path)) !== FOLDER_FORMAT) throw damaged(path)
    findings.note({
      code: 'folder-format',
      where: 'format',
      severity: 'repaired',
      message: 'the file that names the format of the folder was damaged',
      action: 'It was written anew.',
    })
    return
  }
  const shown = `the data folder ${path} has format ${format}, this program knows ${FOLDER_FORMAT}`
  if (format > FOLDER_FORMAT) {
    const next = 'Start the newer version of Coopmesh that wrote it, or name another folder with --data.'
    throw new CoopError('data-newer', shown, next)
  }
  const next =
    'It was made by a version before the first release. Move it aside and join the co-op again with a new invite.'
  throw new CoopError('data-older', shown, next)
}

/** The number in a `format` file; null when it is damaged. Formats before 2 had no checksum. */
export function readFormat(text: string): number | null {
  const [, digits, check] = /^(\d{1,6})(?: ([0-9a-f]{8}))?\n?$/.exec(text) ?? []
  if (digits === undefined) return null
  const format = Number(digits)
  const isRight = check === undefined ? format !== FOLDER_FORMAT : check === checkOf(format)
  return isRight ? format : null
}

function checkOf(format: number): string {
  return createHash('sha256').update(`coopmesh folder ${format}`).digest('hex').slice(0, 8)
}

/** The format that the copy of the settings names; null when it is not whole. */
async function formatOfSettings(path: string): Promise<number | null> {
  const [line = '', hash] = ((await readText(join(path, 'store.settings'))) ?? '').split('\n')
  if (createHash('sha256').update(line).digest('hex') !== hash) return null
  const { format } = JSON.parse(line) as { format?: number }
  return format ?? null
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  })
}

function damaged(path: string): CoopError {
  return new CoopError(
    'data-damaged',
    `the file that names the format of the data folder ${path} is damaged`,
    'Check the disk. If the folder was written by this version, `coop doctor --repair` writes the file anew.',
  )
}
