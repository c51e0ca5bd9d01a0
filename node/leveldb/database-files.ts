import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#node/errors'
import { readWhole } from './file-bytes.ts'
import { readLogFile } from './log-file.ts'
import type { FileDamage } from './log-file.ts'
import { checkTable } from './table-file.ts'
import type { TableDepth } from './table-file.ts'
import { namedTables } from './version-edit.ts'

/** Damage in one file of a LevelDB database. */
export interface DatabaseDamage {
  /** Name of the file. */
  file: string
  /** Offset in bytes, where something was found there. */
  at?: number
  kind: FileDamage['kind'] | 'missing'
}

/**
 * Checks the files of a closed database by their checksums; an empty answer for a folder that is none. LevelDB opens
 * some of these without a word and then deletes what it does not know: so this comes before it is opened. A torn end of
 * the write-ahead log is what a crash leaves, and is not named; nor is a table that it did not finish, of which the MANIFEST
 * does not know.
 */
export async function checkDatabase(path: string, depth: TableDepth): Promise<DatabaseDamage[]> {
  const names = await readdir(path).catch((cause: unknown): string[] => {
    const code = systemCode(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw cause
  })
  const damage: DatabaseDamage[] = []
  const data = names.filter((name) => isTable(name) || isLog(name) || name.startsWith('MANIFEST-')).sort()
  if (data.length === 0) return []
  const current = names.includes('CURRENT')
    ? Buffer.from(await readWhole(join(path, 'CURRENT'))).toString('latin1')
    : null
  const manifest = current === null || !current.endsWith('\n') ? '' : current.slice(0, -1)
  /** Null while it cannot be told which tables are wanted: then all are looked at. */
  let named: ReadonlySet<number> | null = null
  if (current === null) damage.push({ file: 'CURRENT', kind: 'missing' })
  else if (!/^MANIFEST-\d+$/.test(manifest)) damage.push({ file: 'CURRENT', kind: 'changed', at: 0 })
  else if (!names.includes(manifest)) damage.push({ file: manifest, kind: 'missing' })
  else {
    const found = readLogFile(await readWhole(join(path, manifest)))
    for (const it of found.damage) damage.push({ file: manifest, ...it })
    if (found.damage.length === 0) named = namedTables(found.records)
  }
  for (const file of data) {
    if (isLog(file)) {
      const found = readLogFile(await readWhole(join(path, file))).damage
      damage.push(...found.filter((it) => it.kind !== 'torn').map((it) => ({ file, ...it })))
    } else if (isTable(file) && named?.has(Number.parseInt(file, 10)) !== false) {
      for (const it of await checkFile(join(path, file), depth)) damage.push({ file, ...it })
    }
  }
  return damage
}

/** True for the name of a table. */
export function isTable(name: string): boolean {
  return /^\d+\.(ldb|sst)$/.test(name)
}

/** True for the name of a write-ahead log. */
export function isLog(name: string): boolean {
  return /^\d+\.log$/.test(name)
}

async function checkFile(path: string, depth: TableDepth): Promise<FileDamage[]> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    // A running database deletes tables that it has merged into others.
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  })
  if (file === null) return []
  try {
    return await checkTable(file, depth)
  } finally {
    await file.close()
  }
}
