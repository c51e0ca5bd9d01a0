import { readFileSync } from 'node:fs'

/** A call that changed the disk, with paths relative to the watched folder. */
export type DiskOperation =
  | { kind: 'open'; path: string; inode: bigint; isCreated: boolean; isTruncated: boolean }
  | { kind: 'write'; inode: bigint; offset: number; bytes: Buffer }
  | { kind: 'sync'; path: string; inode: bigint; isFolder: boolean }
  | { kind: 'truncate'; inode: bigint; length: number }
  | { kind: 'rename'; from: string; to: string }
  | { kind: 'unlink'; path: string }
  | { kind: 'make-folder'; path: string }
  | { kind: 'remove-folder'; path: string }

/** Bytes before path and data of an entry (struct entry in disk-shim.c). */
const HEAD_BYTES = 24
const [CREATED, TRUNCATED, FOLDER] = [1, 2, 4]

/** Reads what the shim wrote; an entry that a kill cut off is left out. */
export function readJournal(path: string): DiskOperation[] {
  const journal = readFileSync(path)
  const operations: DiskOperation[] = []
  for (let at = 0; at + HEAD_BYTES <= journal.length;) {
    const kind = journal.readUInt8(at)
    const flags = journal.readUInt8(at + 1)
    const pathEnd = at + HEAD_BYTES + journal.readUInt16LE(at + 2)
    const end = pathEnd + journal.readUInt32LE(at + 4)
    if (end > journal.length) break
    const inode = journal.readBigUInt64LE(at + 8)
    const place = Number(journal.readBigUInt64LE(at + 16))
    const name = journal.toString('utf8', at + HEAD_BYTES, pathEnd)
    operations.push(operationOf({ kind, flags, inode, place, name, data: journal.subarray(pathEnd, end) }))
    at = end
  }
  return operations
}

function operationOf(entry: {
  kind: number
  flags: number
  inode: bigint
  place: number
  name: string
  data: Buffer
}): DiskOperation {
  const { flags, inode, place, name, data } = entry
  switch (entry.kind) {
    case 1:
      return {
        kind: 'open',
        path: name,
        inode,
        isCreated: (flags & CREATED) !== 0,
        isTruncated: (flags & TRUNCATED) !== 0,
      }
    case 2:
      return { kind: 'write', inode, offset: place, bytes: data }
    case 3:
      return { kind: 'sync', path: name, inode, isFolder: (flags & FOLDER) !== 0 }
    case 4:
      return { kind: 'truncate', inode, length: place }
    case 5:
      return { kind: 'rename', from: name, to: data.toString('utf8') }
    case 6:
      return { kind: 'unlink', path: name }
    case 7:
      return { kind: 'make-folder', path: name }
    case 8:
      return { kind: 'remove-folder', path: name }
    default:
      throw new Error(`the journal has an entry of kind ${entry.kind}`)
  }
}
