import type { LogRecord } from './log-file.ts'
import { readVarint } from './snappy.ts'

/**
 * Numbers of the tables that a MANIFEST names, from its records (LevelDB, db/version_edit.cc); null when one of them
 * cannot be read. A table that it does not name was never finished, or is no longer wanted: LevelDB deletes it when it opens.
 */
export function namedTables(records: readonly LogRecord[]): ReadonlySet<number> | null {
  const named = new Set<number>()
  for (const { bytes, isSuspect } of records) if (isSuspect || !readEdit(bytes, named)) return null
  return named
}

/** Follows one edit; false when it cannot be read. */
function readEdit(bytes: Uint8Array, named: Set<number>): boolean {
  for (let at = 0; at < bytes.length;) {
    const fields = FIELDS[bytes[at] ?? 0]
    if (fields === undefined) return false
    const tag = bytes[at] ?? 0
    const values: number[] = []
    at += 1
    for (const field of fields) {
      const read = readVarint(bytes, at)
      if (read === null) return false
      values.push(read.value)
      at = read.next + (field === 'bytes' ? read.value : 0)
    }
    if (at > bytes.length) return false
    const [, table = 0] = values
    if (tag === NEW_TABLE) named.add(table)
    else if (tag === DELETED_TABLE) named.delete(table)
  }
  return true
}

const DELETED_TABLE = 6
const NEW_TABLE = 7
/** What follows each tag: numbers, and bytes behind their length. */
const FIELDS: Readonly<Record<number, readonly ('number' | 'bytes')[]>> = {
  1: ['bytes'], // comparator
  2: ['number'], // number of the log
  3: ['number'], // next number of a file
  4: ['number'], // last sequence
  5: ['number', 'bytes'], // level, key to go on from
  [DELETED_TABLE]: ['number', 'number'], // level, table
  [NEW_TABLE]: ['number', 'number', 'number', 'bytes', 'bytes'], // level, table, size, first and last key
  9: ['number'], // number of the log before
}
