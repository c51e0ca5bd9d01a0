import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CoopError, asCoopError, systemCode } from '#node/errors'

/** Writes the body of an answer to a file, which appears whole or not at all. Returns its length in bytes. */
export async function writeWholeFile(body: NonNullable<Response['body']>, target: string): Promise<number> {
  const partial = `${target}.${process.pid}.part`
  try {
    await pipeline(Readable.fromWeb(body), createWriteStream(partial))
    const { size } = await stat(partial)
    await rename(partial, target)
    return size
  } catch (cause) {
    await rm(partial, { force: true })
    const code = systemCode(cause)
    if (code === 'ENOSPC' || code === null) throw asCoopError(cause)
    throw new CoopError(
      'path-unreadable',
      `cannot write ${target} (${code})`,
      'Choose another path with -o.',
      cause,
    )
  }
}
