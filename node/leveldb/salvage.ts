import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isLog, isTable } from './database-files.ts'
import { readWhole } from './file-bytes.ts'
import { readLogFile } from './log-file.ts'
import { tableChanges } from './table-file.ts'
import { readWriteBatch } from './write-batch.ts'
import type { KeyChange } from './write-batch.ts'

/**
 * Everything that can still be read of a closed database, without LevelDB: of each key the newest value that `isWhole`
 * knows as one of ours, else the newest there is; none when it was deleted later. In the order of the files. Keys are
 * held in memory, values are read twice.
 */
export async function* salvageDatabase(
  path: string,
  isWhole: (key: string, value: Uint8Array) => boolean,
): AsyncGenerator<KeyChange[]> {
  const best = new Map<string, { sequence: number; rank: number }>()
  const rankOf = ({ key, value }: KeyChange): number => (value === null || isWhole(key, value) ? 1 : 0)
  const isNothing = ({ value, isSuspect }: KeyChange): boolean => value === null && isSuspect
  for await (const changes of allChanges(path)) {
    for (const change of changes) {
      if (isNothing(change)) continue
      const rank = rankOf(change)
      const known = best.get(change.key)
      const isBetter =
        known === undefined || rank > known.rank || (rank === known.rank && change.sequence > known.sequence)
      if (isBetter) best.set(change.key, { sequence: change.sequence, rank })
    }
  }
  for await (const changes of allChanges(path)) {
    const kept = changes.filter((change) => {
      const chosen = best.get(change.key)
      if (chosen === undefined || chosen.sequence !== change.sequence || change.value === null) return false
      if (chosen.rank !== rankOf(change)) return false
      best.delete(change.key)
      return true
    })
    if (kept.length > 0) yield kept
  }
}

/** Changes of all tables and logs of a database, file by file. */
async function* allChanges(path: string): AsyncGenerator<KeyChange[]> {
  for (const name of (await readdir(path)).sort()) {
    if (isLog(name)) {
      for (const record of readLogFile(await readWhole(join(path, name))).records) {
        const changes = readWriteBatch(record)
        if (changes !== null) yield changes
      }
    } else if (isTable(name)) {
      const file = await open(join(path, name), 'r')
      try {
        yield* tableChanges(file)
      } finally {
        await file.close()
      }
    }
  }
}
